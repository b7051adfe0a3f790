"""Which wish a recipient's text expresses: opt-in, opt-out, help or none. Pure: no Django, no models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import ConfigurationInvalid, KeywordsOverlap
from webhooks.folding import fold, fold_look_alikes

RULE_VERSION = "keywords-1"  # stored in consent events; raise it whenever a text would be read differently

DEFAULT_OPT_IN = ("SUBSCRIBE", "YES", "UNSTOP", "START", "CONTINUE", "RESUME", "BEGIN")
DEFAULT_OPT_OUT = ("STOP", "QUIT", "CANCEL", "END", "UNSUBSCRIBE", "NO")
DEFAULT_HELP = ("HELP",)
# 47 CFR 64.1200(a)(10) names the words that always revoke consent; STOPALL is honoured by every US carrier.
REQUIRED_OPT_OUT = ("STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE", "STOPALL")

_COURTESY = frozenset(
    (
        *("please", "pls", "plz", "plse", "kindly", "now", "thanks", "thank", "thx", "ty", "you", "u"),
        *("all", "it", "me", "texting", "text", "texts", "messaging", "message", "messages", "msgs", "sms"),
        *("merci", "svp", "s", "il", "vous", "te", "plait", "bitte", "danke", "por", "favor", "gracias"),
        *("obrigado", "grazie", "prego"),
    )
)
_LONGEST_TEXT = 1_600  # characters; more is no SMS, and hostile marks would make folding slow
_LONGEST_COURTEOUS = 5  # words; a longer text is a sentence, not a keyword
_SPANS = {
    count: [(start, start + size) for size in range(count, 0, -1) for start in range(count + 1 - size)]
    for count in range(1, _LONGEST_COURTEOUS + 1)
}  # (start, end) of every run of words, the longest first
_WEAK = frozenset({"no"})  # "no thanks" answers a question, it does not withdraw consent
_SEPARATORS = re.compile("[,;\n\r،，、]+")  # noqa: RUF001


class Intent(StrEnum):
    """What the text asks for."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    HELP = "help"
    NONE = ""


class Rule(StrEnum):
    """How the text was recognised."""

    WHOLE_MESSAGE = "whole_message"
    JOINED = "joined"
    WITH_COURTESY = "with_courtesy"
    REQUIRED_WORD = "required_word"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The intent, the list's word that was recognised (as the operator wrote it) and the rule that did it."""

    intent: Intent
    keyword: str = ""
    rule: str = ""
    version: str = RULE_VERSION


NO_MATCH = Match(Intent.NONE)

# Field on the webhook form, its label, its defaults; opt-out beats help beats opt-in, in this order.
_CATEGORIES: dict[Intent, tuple[str, str, tuple[str, ...]]] = {
    Intent.OPT_OUT: ("opt_out_keywords", "Opt-out Keywords", DEFAULT_OPT_OUT),
    Intent.HELP: ("help_keywords", "Help Keywords", DEFAULT_HELP),
    Intent.OPT_IN: ("opt_in_keywords", "Opt-in Keywords", DEFAULT_OPT_IN),
}


@dataclass(frozen=True, slots=True)
class _Entry:
    word: str
    folded: str
    intent: Intent
    required: bool = False

    @property
    def joined(self) -> str:
        return self.folded.replace(" ", "")

    def match(self, rule: Rule) -> Match:
        return Match(self.intent, self.word, Rule.REQUIRED_WORD if self.required else rule)


@dataclass(frozen=True)
class KeywordRules:
    """The keyword lists of one webhook, ready to match."""

    opt_in: tuple[str, ...]
    opt_out: tuple[str, ...]
    help: tuple[str, ...]
    _entries: Mapping[str, _Entry] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, *, opt_in: str = "", opt_out: str = "", help: str = "") -> KeywordRules:  # noqa: A002
        """Read three comma-separated lists; a blank one means its defaults.

        Raises KeywordsOverlap (a word stands in two lists) or ConfigurationInvalid (a word without a letter).
        """
        typed = {Intent.OPT_OUT: opt_out, Intent.HELP: help, Intent.OPT_IN: opt_in}
        words = {
            intent: split_keywords(typed[intent]) or defaults
            for intent, (_, _, defaults) in _CATEGORIES.items()
        }
        entries: dict[str, _Entry] = {}
        for intent, listed in words.items():
            _add(entries, (_entry(word, intent) for word in listed))
        for word in REQUIRED_OPT_OUT:
            required = _Entry(word, fold(word), Intent.OPT_OUT, required=True)
            entries.setdefault(required.joined, required)
        rules = cls(words[Intent.OPT_IN], words[Intent.OPT_OUT], words[Intent.HELP], entries)
        rules._refuse_shadowed()
        return rules

    def match(self, text: str) -> Match:
        """The intent of a text: a keyword and nothing else, or an opt-out keyword among courtesy words."""
        text = text.strip()
        if len(text) > _LONGEST_TEXT:
            return NO_MATCH
        found = self._match_folded(fold(text))
        if found is NO_MATCH and not text.isascii():
            latin = fold_look_alikes(text)
            return self._match_folded(latin) if latin.isascii() else NO_MATCH
        return found

    def _match_folded(self, folded: str) -> Match:
        entry = self._entries.get(folded.replace(" ", ""))
        if entry is None or entry.intent is not Intent.OPT_OUT:
            courteous = self._courteous(folded.split(" "))
            if courteous:
                return courteous.match(Rule.WITH_COURTESY)
        if entry is None:
            return NO_MATCH
        return entry.match(Rule.WHOLE_MESSAGE if entry.folded == folded else Rule.JOINED)

    def _courteous(self, words: list[str]) -> _Entry | None:
        """The opt-out keyword left when courtesy around it is taken away; the longest one wins."""
        if not 1 < len(words) <= _LONGEST_COURTEOUS:
            return None
        for start, end in _SPANS[len(words)]:
            if _COURTESY.issuperset(words[:start]) and _COURTESY.issuperset(words[end:]):
                entry = self._entries.get("".join(_without_repeats(words[start:end])))
                if entry and entry.intent is Intent.OPT_OUT and entry.joined not in _WEAK:
                    return entry
        return None

    def _refuse_shadowed(self) -> None:
        """A help or opt-in keyword that would be read as an opt-out could never work."""
        for entry in self._entries.values():
            read = self._match_folded(entry.folded)
            if read.intent is not entry.intent:
                raise _overlap(entry, read.keyword, Intent.OPT_OUT)


def split_keywords(listed: str) -> tuple[str, ...]:
    """The words of a comma-separated list, trimmed, without blanks; "" gives none."""
    return tuple(word for part in _SEPARATORS.split(listed) if (word := part.strip().strip("\"'").strip()))


def missing_required(opt_out_list: str) -> tuple[str, ...]:
    """Legally required words that a custom opt-out list leaves out; a blank list means the defaults: none."""
    listed = {fold(word).replace(" ", "") for word in split_keywords(opt_out_list)}
    return tuple(word for word in REQUIRED_OPT_OUT if listed and word.lower().replace(" ", "") not in listed)


def _entry(word: str, intent: Intent) -> _Entry:
    folded = fold(word)
    if not folded:
        field_name, label, _ = _CATEGORIES[intent]
        raise ConfigurationInvalid(
            f'The keyword "{word}" in {label} has no letter or digit, so no text can match it. Remove it.',
            param=field_name,
        )
    return _Entry(word, folded, intent)


def _add(entries: dict[str, _Entry], new: Iterable[_Entry]) -> None:
    for entry in new:
        other = entries.setdefault(entry.joined, entry)
        if other.intent is not entry.intent:
            raise _overlap(entry, other.word, other.intent)


def _overlap(entry: _Entry, other_word: str, other: Intent) -> KeywordsOverlap:
    field_name, label, _ = _CATEGORIES[entry.intent]
    other_label = _CATEGORIES[other][1]
    same = fold(entry.word) == fold(other_word)
    if same:
        text = f'The keyword "{entry.word}" stands in both {other_label} and {label}. Remove one of them.'
    else:
        text = f'The keyword "{entry.word}" in {label} reads as "{other_word}" of {other_label}. Change it.'
    return KeywordsOverlap(text, param=field_name)


def _without_repeats(words: list[str]) -> list[str]:
    return [word for position, word in enumerate(words) if position == 0 or words[position - 1] != word]
