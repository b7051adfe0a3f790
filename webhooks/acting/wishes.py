"""What each wish does to the consent of a number. The subject's row is locked before any message row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from consent import confirming, ledger, reviews
from consent.models import ConsentEvent, ConsentReview, Kind, PendingOptIn, ReviewKind, Source
from consent.models import Decision as ReviewDecision
from consent.rules import Change, decide, fold
from core.clock import now
from core.vocabulary import Purpose
from messaging import suppress
from webhooks.acting.scene import Effect, Scene
from webhooks.keywords import Intent, Rule
from webhooks.models import InboundMessage
from webhooks.replies import STANDARD_FUZZY, STANDARD_MESSAGES, STANDARD_PROMPT

CONFIRM_AGAIN_AFTER = timedelta(hours=24)
STILL_OUT = "No reply: an opt-out stands that this message does not lift, see the consent history."
_REVIEWS = {Rule.REQUIRED_WORD: ReviewKind.REQUIRED_WORD, Rule.NEAR_MISS: ReviewKind.NEAR_MISS}


def opt_out(scene: Scene) -> Effect:
    """Withdraw consent and take out what waits; NO to "do you want our messages?" says just that."""
    pending = _question_of(scene) if scene.match.rule == Rule.DECLINED else None
    if pending and not scene.may_get(Purpose.MARKETING, require_opt_in=True):
        confirming.decline(pending, **scene.said)
        return _answer(scene, Intent.OPT_OUT)
    event = _record(scene, Kind.OPT_OUT)
    taken = suppress.suppress_waiting(subject_id=event.subject_id, scope=scene.scope, purpose=scene.purpose)
    wait_for = event.subject_id if taken.on_the_wire else None
    effect = _answer(scene, Intent.OPT_OUT, silence=_told_lately(scene, event), wait_for=wait_for)
    return replace(effect, is_first=event.sequence == 1)


def opt_in(scene: Scene) -> Effect:
    """Give consent; an open double opt-in is confirmed by it."""
    if pending := _question_of(scene):
        confirming.confirm(pending, **scene.said)
    else:
        _record(scene, Kind.OPT_IN)
    is_in = scene.may_get(Purpose.MARKETING)
    return _answer(scene, Intent.OPT_IN, silence="" if is_in else STILL_OUT)


def help_(scene: Scene) -> Effect:
    """Answered in any state; nothing changes."""
    _record(scene, Kind.HELP)
    return _answer(scene, Intent.HELP)


def double_opt_in(scene: Scene) -> Effect:
    """Ask whether the person really wants it; who is subscribed already is told so."""
    if scene.may_get(Purpose.MARKETING, require_opt_in=True):
        return _answer(scene, Intent.OPT_IN)
    if not _could_opt_in(scene):
        return Effect(silence=STILL_OUT)
    begun = confirming.begin(
        msisdn=scene.message.msisdn,
        source=Source.KEYWORD,
        scope=scene.scope,
        purpose=scene.purpose,
        sender=scene.sender,
        **scene.said,
    )
    if not begun.ask:
        return Effect(silence="No reply: the person has been asked already and may still answer.")
    return Effect(own=scene.webhook.double_opt_in_message, standard=STANDARD_PROMPT)


def possible_opt_out(scene: Scene) -> Effect:
    """Pause, put it before staff, and ask the person if the webhook says so."""
    if _is_out(scene):
        return Effect(silence="No reply: the person has opted out already.")
    review = reviews.open_review(
        msisdn=scene.message.msisdn,
        kind=_REVIEWS.get(Rule(scene.match.rule), ReviewKind.FREE_WORDS),
        scope=scene.scope,
        purpose=scene.purpose,
        **scene.said,
    )
    if not scene.webhook.fuzzy_reply:
        return Effect(silence="It may be an opt-out: sending is paused until a review is decided.")
    if review.asked_at:
        return Effect(silence="No reply: the person has been asked already. A review is open.")
    return Effect(own=scene.webhook.fuzzy_message, standard=STANDARD_FUZZY, review_id=review.pk)


def not_an_opt_out(scene: Scene) -> Effect:
    """NO to "did you want to unsubscribe?": the review is closed, but never one about a word the law names."""
    for review in reviews.open_reviews_of(scene.subject_id):
        if review.asked_at and review.kind != ReviewKind.REQUIRED_WORD:
            _dismiss(review, scene)
    return Effect(silence="The person answered that it was no opt-out.")


def _dismiss(review: ConsentReview, scene: Scene) -> None:
    reviews.decide(
        review,
        decision=ReviewDecision.NOT_AN_OPT_OUT,
        actor="recipient",
        reason=f"Asked, the person answered “{scene.message.text[:100]}”.",
    )


def _record(scene: Scene, kind: Kind) -> ConsentEvent:
    event = ledger.record(
        msisdn=scene.message.msisdn,
        kind=kind,
        scope=scene.scope,
        purpose=scene.purpose,
        source=Source.KEYWORD,
        **scene.said,
    )
    scene.subject_id = event.subject_id  # known now, so nobody has to look it up
    return event


def _answer(scene: Scene, intent: Intent, *, silence: str = "", wait_for: int | None = None) -> Effect:
    own = {
        Intent.OPT_IN: scene.webhook.opt_in_message,
        Intent.OPT_OUT: scene.webhook.opt_out_message,
        Intent.HELP: scene.webhook.help_message,
    }[intent]
    return Effect(own=own, standard=STANDARD_MESSAGES[intent], silence=silence, wait_for=wait_for)


def _question_of(scene: Scene) -> PendingOptIn | None:
    """The double opt-in that the message may answer; looked for only where there can be one."""
    if not scene.rules.double_opt_in:
        return None
    return confirming.pending_for(scene.subject_id, sender=scene.sender)


def _told_lately(scene: Scene, event: ConsentEvent) -> str:
    """Why a repeated opt-out is not confirmed again; "" if it is."""
    if event.sequence == 1 or ledger.last_choice_before(event) != Kind.OPT_OUT:
        return ""
    confirmed = InboundMessage.objects.filter(
        msisdn=scene.message.msisdn,
        reply__isnull=False,
        intent=Intent.OPT_OUT.value,
        received_at__gt=now() - CONFIRM_AGAIN_AFTER,
    )
    return "No reply: the opt-out was confirmed less than 24 hours ago." if confirmed.exists() else ""


def _could_opt_in(scene: Scene) -> bool:
    """Whether an opt-in of this webhook would be in force: a STOP by staff or carrier is not lifted by a word."""
    states = scene.states()
    change = Change(
        Kind.OPT_IN, scene.scope, scene.purpose, Source.KEYWORD, scene.message.occurred_at or now()
    )
    cells = {(state.scope, state.purpose): state for state in states}
    cells |= {(state.scope, state.purpose): state for state in fold(states, change)}
    after = decide(cells.values(), sender=scene.sender, purpose=Purpose.MARKETING, require_opt_in=False)
    return after.allowed


def _is_out(scene: Scene) -> bool:
    return any(
        state.state == "out"
        and state.scope in ("all", scene.scope)
        and state.purpose in ("all", scene.purpose)
        for state in scene.states()
    )
