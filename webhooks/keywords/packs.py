"""Language packs: what a language adds to a webhook's lists, its replies, and how requests are worded in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from webhooks.keywords.folding import fold
from webhooks.keywords.lists import split_keywords
from webhooks.keywords.vocabulary import DEFAULT_HELP, DEFAULT_OPT_IN, DEFAULT_OPT_OUT, Intent

# The order in which they are offered; each is a file of the directory.
LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "ru", "ar", "hi")
_DIRECTORY: Final = Path(__file__).parent / "languages"
_DEFAULTS: Final[Mapping[Intent, tuple[str, ...]]] = MappingProxyType(
    {Intent.OPT_IN: DEFAULT_OPT_IN, Intent.OPT_OUT: DEFAULT_OPT_OUT, Intent.HELP: DEFAULT_HELP}
)


@dataclass(frozen=True, slots=True)
class LanguagePack:
    """One language: keyword lists and replies for the form, words and patterns for the engine.

    `replies` has a text for each of opt_in, opt_out, help and double_opt_in; they take the variables of any reply.
    """

    code: str
    label: str
    opt_in: tuple[str, ...]
    opt_out: tuple[str, ...]
    help: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    replies: Mapping[Intent, str]
    courtesy: frozenset[str]  # words that change nothing around an opt-out keyword
    small: frozenset[str]  # words that may stand inside a request without making it doubtful
    calls: frozenset[str]  # further ones around STOP by itself
    standing_out: tuple[str, ...]  # opt-out words that are noticed at the edge of a longer text
    near: tuple[str, ...]  # words whose slips are noticed
    not_near: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    clear: tuple[str, ...]  # patterns: an opt-out when they are all of the text, else a possible one
    orders: tuple[str, ...]  # patterns: an opt-out when they are all of the text, else nothing
    hints: tuple[str, ...]  # patterns: a possible opt-out wherever they stand
    whole: tuple[str, ...]  # patterns: a possible opt-out when they are all of the text
    guards: tuple[str, ...]  # patterns: what looks like a request and is none

    def words(self, intent: Intent) -> tuple[str, ...]:
        """The pack's keywords of a category; none where it has no list."""
        return {Intent.OPT_IN: self.opt_in, Intent.OPT_OUT: self.opt_out, Intent.HELP: self.help}.get(
            intent, ()
        )

    def added_to(self, listed: str, intent: Intent) -> str:
        """The comma-separated list with the pack's keywords; a blank list stands for its defaults, which stay."""
        words = split_keywords(listed) or _DEFAULTS.get(intent, ())
        known = {fold(word) for word in words}
        return ", ".join((*words, *(word for word in self.words(intent) if fold(word) not in known)))


@cache
def language_packs() -> Mapping[str, LanguagePack]:
    """Code -> pack, English first."""
    return MappingProxyType({code: _load(code) for code in LANGUAGES})


def _load(code: str) -> LanguagePack:
    source = tomllib.loads((_DIRECTORY / f"{code}.toml").read_text(encoding="utf-8"))
    keywords, engine = source["keywords"], source["engine"]
    replies = {intent: source["replies"][intent.value] for intent in (*_DEFAULTS, Intent.DOUBLE_OPT_IN)}
    return LanguagePack(
        code=code,
        label=source["label"],
        **{name: split_keywords(keywords[name]) for name in ("opt_in", "opt_out", "help", "yes", "no")},
        replies=MappingProxyType(replies),
        courtesy=_words(engine["courtesy"]),
        small=_words(engine["small"]),
        calls=_words(engine.get("calls", "")),
        standing_out=_listed(engine["standing_out"]),
        near=_listed(engine["near"]),
        not_near=_listed(engine["not_near"]),
        groups=MappingProxyType({name: split_keywords(words) for name, words in source["groups"].items()}),
        **{name: tuple(engine[name]) for name in ("clear", "orders", "hints", "whole", "guards")},
    )


def _words(source: str) -> frozenset[str]:
    return frozenset(fold(source).split())


def _listed(source: str) -> tuple[str, ...]:
    return tuple(fold(source).split())
