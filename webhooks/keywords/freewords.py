"""What the engine knows whatever the lists say: requests in free words, slips, and the words of all languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from webhooks.keywords.folding import fold
from webhooks.keywords.machine import Machine, Pattern
from webhooks.keywords.near import NearWords
from webhooks.keywords.packs import LanguagePack, language_packs
from webhooks.keywords.patterns import fixed_patterns_of, patterns_of
from webhooks.keywords.vocabulary import NO_MATCH, Intent, Match, Rule

_LONGEST_CLEAR = 14  # words; whoever writes more says something else as well
_LONGEST_WHOLE = 8
_SHOWN = 6  # words of a request kept as evidence beside the text
_LONGEST_KEYWORD = 100  # characters
_SHORT = 3  # words; an opt-out word at the head of so short a text is noticed
_CLAUSES = re.compile("[.!?;:,\n\r…。！？،؟।]+")


@dataclass(frozen=True, slots=True)
class FreeWords:
    """The patterns and words of every language, as they are asked for."""

    courtesy: frozenset[str]
    standing_out: frozenset[str]
    foreign: frozenset[str]  # opt-out words of all packs, joined
    yes: frozenset[str]
    no: frozenset[str]
    near: NearWords
    clear: Machine
    orders: Machine
    search: Machine
    whole: Machine
    guards: Machine

    def is_clear(self, words: Sequence[str]) -> bool:
        """Whether the text is a request to opt out and nothing else."""
        return len(words) <= _LONGEST_CLEAR and (self.clear.covers(words) or self.orders.covers(words))

    def request(self, words: Sequence[str], text: str) -> Match:
        """A request in free words: an opt-out where it is all of the text, else a possible one."""
        if self.is_clear(words):
            return _asked(Intent.OPT_OUT, words)
        place = self.search.find(words)
        if place >= 0 and self._is_meant(words, text):
            return _asked(Intent.POSSIBLE_OPT_OUT, words[max(0, place + 1 - _SHOWN) : place + 1])
        if len(words) <= _LONGEST_WHOLE and self.whole.covers(words):
            return _asked(Intent.POSSIBLE_OPT_OUT, words)
        return NO_MATCH

    def _is_meant(self, words: Sequence[str], text: str) -> bool:
        """Whether a request is left when guards are taken away; a guard does not reach into the next clause."""
        if self.search.find(self.unguarded(words)) >= 0:
            return True
        clauses = [fold(clause).split() for clause in _CLAUSES.split(text)]
        return len(clauses) > 1 and any(self.search.find(self.unguarded(clause)) >= 0 for clause in clauses)

    def unguarded(self, words: Sequence[str]) -> list[str]:
        """The words, those blanked that only look like a request: "bus stop", "don't stop"."""
        kept = list(words)
        for start, end in self.guards.spans(words):
            kept[start:end] = [""] * (end - start)
        return kept

    def in_sentence(self, words: Sequence[str], text: str) -> Match:
        """An opt-out word that heads a short text, ends a text, or is a clause of its own."""
        if self.standing_out.isdisjoint(words):
            return NO_MATCH
        if clause := self._clause(text):
            return Match(Intent.POSSIBLE_OPT_OUT, clause, Rule.IN_SENTENCE)
        last = len(words) - 1
        for place, word in enumerate(self.unguarded(words)):
            if word in self.standing_out and (place == last or (place == 0 and last < _SHORT)):
                return Match(Intent.POSSIBLE_OPT_OUT, word, Rule.IN_SENTENCE)
        return NO_MATCH

    def _clause(self, text: str) -> str:
        """The opt-out word that is a clause of its own, courtesy apart; "" if there is none."""
        for clause in _CLAUSES.split(text):
            core = {word for word in fold(clause).split() if word not in self.courtesy}
            if len(core) == 1 and core <= self.standing_out:
                return core.pop()
        return ""


@cache
def free_words() -> FreeWords:
    """Built once per process from the language files."""
    packs = language_packs().values()
    courtesy = frozenset().union(*(pack.courtesy for pack in packs))
    said = frozenset(word for pack in packs for word in pack.groups["message"] if " " not in word)
    small = courtesy.union(*(pack.small for pack in packs), map(fold, said))
    yes, no = (
        _joined(word for pack in packs for word in pack.yes),
        _joined(word for pack in packs for word in pack.no),
    )
    clear = _patterns(packs, "clear")
    hints, orders = _patterns(packs, "hints"), _patterns(packs, "orders")
    standing_out = frozenset(word for pack in packs for word in pack.standing_out)
    alone = patterns_of(("unsubscribe|unsub|optout|stopall",), groups={})
    clear += patterns_of(
        ("stop ~ <said>",), groups={"said": said}, small=small
    )  # the word that everybody knows
    stop = patterns_of(("stop",), groups={})  # among more words than courtesy it may be a bus stop
    calls = courtesy.union(*(pack.calls for pack in packs))
    wanted = [word for pack in packs for word in (*pack.opt_in, *pack.help, *pack.yes, *pack.no)]
    exceptions = [*_joined(wanted), *(word for pack in packs for word in pack.not_near), *(small - courtesy)]
    return FreeWords(
        courtesy=courtesy,
        standing_out=standing_out,
        foreign=_joined(word for pack in packs for word in pack.opt_out),
        yes=yes - no,
        no=no - yes,
        near=NearWords((word for pack in packs for word in pack.near), exceptions=exceptions),
        clear=Machine([*clear, *alone], courtesy=small),
        orders=Machine([*clear, *orders, *alone, *stop], courtesy=calls),
        search=Machine([*clear, *hints]),
        whole=Machine(_patterns(packs, "whole"), courtesy=calls),
        guards=Machine(
            pattern for pack in packs for pattern in fixed_patterns_of(pack.guards, groups=pack.groups)
        ),
    )


def _asked(intent: Intent, words: Sequence[str]) -> Match:
    return Match(intent, " ".join(words)[:_LONGEST_KEYWORD], Rule.REQUEST)


def _patterns(packs: Iterable[LanguagePack], kind: str) -> list[Pattern]:
    return [
        pattern
        for pack in packs
        for pattern in patterns_of(getattr(pack, kind), groups=pack.groups, small=pack.small | pack.courtesy)
    ]


def _joined(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word).replace(" ", "") for word in words)
