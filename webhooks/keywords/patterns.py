"""How word patterns are written in the language files.

`stop|quit ~ <message>`: words stand one after the other; `a|b` is one of them; `<message>` is one of the group of this
name; a trailing `?` makes a word optional; `~` stands for up to three small words of the language (articles,
possessives, courtesy); `..` for up to three words of any kind; `envoy*` is every word that begins so. A group may hold
expressions of several words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from webhooks.keywords.folding import fold
from webhooks.keywords.machine import Pattern, Step

_GAP = 3


def patterns_of(
    sources: Iterable[str], *, groups: Mapping[str, Iterable[str]], small: Iterable[str] = ()
) -> list[Pattern]:
    """Every pattern that the sources stand for; KeyError names a group that is missing."""
    few = frozenset(small)
    return [pattern for source in sources for pattern in _expanded(source, groups, few)]


def fixed_patterns_of(sources: Iterable[str], *, groups: Mapping[str, Iterable[str]]) -> list[Pattern]:
    """Like `patterns_of`, with every optional step written out: each pattern has one length."""
    return [fixed for pattern in patterns_of(sources, groups=groups) for fixed in _without_options(pattern)]


def _expanded(source: str, groups: Mapping[str, Iterable[str]], small: frozenset[str]) -> Iterator[Pattern]:
    places = [_place(part, groups, small) for part in source.split()]
    for choice in product(*places):
        yield tuple(step for steps in choice for step in steps)


def _place(part: str, groups: Mapping[str, Iterable[str]], small: frozenset[str]) -> list[Pattern]:
    """The rows of steps that may stand at this place."""
    if part == "..":
        return [(Step(None, optional=True),) * _GAP]
    if part == "~":
        return [(Step(small, optional=True),) * _GAP]
    optional = part.endswith("?")
    expressions = [_folded(word) for word in _words(part.rstrip("?"), groups)]
    single = frozenset(word for word in expressions if " " not in word)
    rows: list[Pattern] = [(Step(single, optional),)] if single else []
    rows.extend(tuple(Step(frozenset((word,))) for word in row.split()) for row in expressions if " " in row)
    return [*rows, ()] if optional and not single else rows


def _folded(word: str) -> str:
    return f"{fold(word)}*" if word.endswith("*") else fold(word)


def _words(alternatives: str, groups: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for part in alternatives.split("|"):
        if part.startswith("<"):
            yield from groups[part.strip("<>")]
        else:
            yield part


def _without_options(pattern: Pattern) -> Iterator[Pattern]:
    for kept in product(*(((True, False) if step.optional else (True,)) for step in pattern)):
        chosen = tuple(Step(step.words) for step, stays in zip(pattern, kept, strict=True) if stays)
        if chosen:
            yield chosen
