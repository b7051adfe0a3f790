"""Open questions: who was asked something owns YES and NO until it is answered."""

from __future__ import annotations

from consent import confirming, ledger, reviews
from webhooks.keywords import KeywordRules, Match, Question, Rule

_ANSWERS = (Rule.CONFIRMED, Rule.DECLINED)


def read(text: str, *, msisdn: str, rules: KeywordRules, may_ask: bool) -> Match:
    """What the text says, given what the person was asked; `may_ask`: unclear opt-outs are asked about.

    The database is looked at only for texts that answer something.
    """
    match = rules.match(text)
    if not (may_ask or rules.double_opt_in):
        return match
    as_answer = rules.match(text, question=Question.OPT_OUT)
    if as_answer.rule not in _ANSWERS:
        return match
    question = _open_question(msisdn, rules=rules)
    return rules.match(text, question=question) if question else match


def _open_question(msisdn: str, *, rules: KeywordRules) -> Question | None:
    """The question about an opt-out comes first: in doubt, out."""
    subject_id = ledger.subjects_for([msisdn])[msisdn]
    if any(review.asked_at for review in reviews.open_reviews_of(subject_id)):
        return Question.OPT_OUT
    if rules.double_opt_in and confirming.pending_for(subject_id):
        return Question.DOUBLE_OPT_IN
    return None
