"""Which wish a recipient's text expresses, by a webhook's keyword lists and by what everybody means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

from webhooks.keywords.cutting import cut
from webhooks.keywords.folding import fold, fold_look_alikes
from webhooks.keywords.freewords import free_words
from webhooks.keywords.lists import Category, Entry, categories_of, entries_of, overlap
from webhooks.keywords.vocabulary import NO_MATCH, Intent, Match, Question, Rule

_LONGEST_COURTEOUS = 6  # words; a longer text is a sentence, not a keyword
_SPANS = {
    count: [(start, start + size) for size in range(count, 0, -1) for start in range(count + 1 - size)]
    for count in range(1, _LONGEST_COURTEOUS + 1)
}  # (start, end) of every run of words, the longest first
_LONGEST_SIGNATURE = 6  # words: "Thanks, Jane Miller, Miller & Sons"
_SPELLED = 3  # letters
_FEW = 3  # words; so many may be one that was torn apart
_STRETCHED = re.compile(r"(.)\1{2,}")
_UNDECIDED = frozenset({Intent.NONE, Intent.POSSIBLE_OPT_OUT})
# "no thanks" answers a question, it does not withdraw consent.
_ANSWERS: Mapping[tuple[Question, bool], Intent] = {
    (Question.DOUBLE_OPT_IN, True): Intent.OPT_IN,
    (Question.DOUBLE_OPT_IN, False): Intent.OPT_OUT,
    (Question.OPT_OUT, True): Intent.OPT_OUT,
    (Question.OPT_OUT, False): Intent.NONE,
}


@dataclass(frozen=True)
class KeywordRules:
    """The keyword lists of one webhook, ready to match."""

    opt_in: tuple[str, ...]
    opt_out: tuple[str, ...]
    help: tuple[str, ...]
    double_opt_in: tuple[str, ...]
    custom: Mapping[str, tuple[str, ...]]
    _entries: Mapping[str, Entry] = field(repr=False, compare=False)
    _stopping: frozenset[str] = field(repr=False, compare=False)  # every word that an opt-out keyword has
    _courtesy: frozenset[str] = field(repr=False, compare=False)

    @classmethod
    def parse(
        cls,
        *,
        opt_in: str = "",
        opt_out: str = "",
        help: str = "",  # noqa: A002
        double_opt_in: str = "",
        custom: Mapping[str, str] | None = None,
        brand: str = "",
        honour_required: bool = True,
    ) -> KeywordRules:
        """Read comma-separated lists; a blank one of the first three means its defaults, of the others no word.

        `custom` is category name -> list. The words of `brand` count as courtesy: STOP ACME. A required word that the
        list leaves out is an opt-out, or a possible one unless `honour_required`.
        Raises KeywordsOverlap (a word stands in two lists) or ConfigurationInvalid (a word without a letter).
        """
        categories = categories_of(
            opt_in=opt_in, opt_out=opt_out, help=help, double_opt_in=double_opt_in, custom=custom or {}
        )
        entries = entries_of(categories, honour_required=honour_required)
        words = {category.intent: category.words for category in categories}
        rules = cls(
            words[Intent.OPT_IN],
            words[Intent.OPT_OUT],
            words[Intent.HELP],
            words[Intent.DOUBLE_OPT_IN],
            {category.name: category.words for category in categories if category.name},
            entries,
            frozenset(word for entry in entries.values() if entry.stops for word in entry.folded.split()),
            free_words().courtesy | frozenset(fold(brand).split()),
        )
        rules._refuse_shadowed(categories)
        return rules

    def match(self, text: str, *, question: Question | None = None) -> Match:
        """The intent of a text; an open `question` owns YES and NO. Never raises, whatever the text is."""
        own = cut(text)
        found = self._match(own, question)
        if found.intent in _UNDECIDED and "\n" in own:
            order, _, rest = own.partition("\n")
            if len(rest.split()) <= _LONGEST_SIGNATURE and not rest.rstrip().endswith("?"):
                head = self._match(order, None)
                return head if head.intent is Intent.OPT_OUT else found
        return found

    def _match(self, own: str, question: Question | None) -> Match:
        folded = fold(own)
        if not folded:
            return NO_MATCH
        found = self._read(folded, own, question)
        if found.intent in _UNDECIDED and not folded.isascii():
            latin = fold_look_alikes(own)
            if latin.isascii() and latin != folded:
                drawn = self._read(latin, own, question)
                return found if drawn.intent is Intent.NONE else drawn
        return found

    def _read(self, folded: str, text: str, question: Question | None) -> Match:
        words = _unspelled(folded.split(" "))
        joined = "".join(words)
        entry = self._entries.get(joined)
        if question and (answer := self._answer(question, words, joined)):
            return answer
        found = entry if entry and entry.stops else self._courteous(words)
        if found:
            return found.match(_exactly(found, folded) if found is entry else Rule.WITH_COURTESY)
        if entry:
            return entry.match(_exactly(entry, folded))
        return self._in_other_words(words, joined, text)

    def _answer(self, question: Question, words: list[str], joined: str) -> Match | None:
        core = "".join(word for word in words if word not in self._courtesy)
        free = free_words()
        for said in (joined, core):
            agreed = said in free.yes
            if agreed or said in free.no:
                rule = Rule.CONFIRMED if agreed else Rule.DECLINED
                return Match(_ANSWERS[question, agreed], said.upper(), rule)
        return None

    def _courteous(self, words: list[str]) -> Entry | None:
        """The opt-out keyword left when courtesy around it is taken away; the longest one wins."""
        if not 1 < len(words) <= _LONGEST_COURTEOUS or self._stopping.isdisjoint(words):
            return None
        for start, end in _SPANS[len(words)]:
            if self._polite(words[:start]) and self._polite(words[end:]):
                entry = self._entries.get("".join(_without_repeats(words[start:end])))
                if entry and entry.stops and entry.joined not in free_words().no:
                    return entry
        without_numbers = [word for word in words if not (word.isdigit() and len(word) > 1)]
        if len(without_numbers) == len(words):
            return None
        entry = self._entries.get("".join(word for word in without_numbers if word not in self._courtesy))
        return entry if entry and entry.joined in free_words().standing_out else None  # STOP 55512

    def _polite(self, words: list[str]) -> bool:
        return self._courtesy.issuperset(words)

    def _in_other_words(self, words: list[str], joined: str, text: str) -> Match:
        free = free_words()
        request = free.request(words, text)
        if request.intent is not Intent.NONE:
            return request
        if len(words) <= _LONGEST_COURTEOUS:
            core = _without_repeats([word for word in words if word not in self._courtesy])
            forms = {"".join(form) for form in (words, core) if 0 < len(form) <= _FEW}
            slips = (slip for form in sorted(forms) if (slip := self._slip(form)).intent is not Intent.NONE)
            if found := next(slips, None):
                return found
        return free.in_sentence(words, text)

    def _slip(self, word: str) -> Match:
        """A word that is nearly an opt-out keyword, or one of a language that was not chosen."""
        free = free_words()
        if squeezed := _squeezed(word):
            entry = next((found for form in squeezed if (found := self._entries.get(form))), None)
            if entry and entry.stops and entry.joined not in free.no:
                return entry.match(Rule.STRETCHED)
        if word in free.foreign:
            return Match(Intent.POSSIBLE_OPT_OUT, word, Rule.FOREIGN_WORD)
        target = free.near.target(word)
        return Match(Intent.POSSIBLE_OPT_OUT, target, Rule.NEAR_MISS) if target else NO_MATCH

    def _refuse_shadowed(self, categories: list[Category]) -> None:
        """A keyword of another category that would be read as an opt-out could never work."""
        opt_out = categories[0].label
        for entry in self._entries.values():
            shadow = self._courteous(entry.folded.split())
            if shadow and not entry.stops:
                raise overlap(entry, shadow.word, opt_out)


def _exactly(entry: Entry, folded: str) -> Rule:
    return Rule.WHOLE_MESSAGE if entry.folded == folded else Rule.JOINED


def _squeezed(word: str) -> tuple[str, ...]:
    """STOOOP -> STOP, and STOOP for words with a double letter; () for a word that is not stretched."""
    if not _STRETCHED.search(word):
        return ()
    return _STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word)


def _without_repeats(words: list[str]) -> list[str]:
    return [word for position, word in enumerate(words) if position == 0 or words[position - 1] != word]


def _unspelled(words: list[str]) -> list[str]:
    """S T O P please -> STOP please; one letter by itself is a word."""
    if sum(len(word) == 1 for word in words) < _SPELLED:
        return words
    found: list[str] = []
    for alone, run in groupby(words, key=lambda word: len(word) == 1):
        letters = list(run)
        found.extend(["".join(letters)] if alone and len(letters) >= _SPELLED else letters)
    return found
