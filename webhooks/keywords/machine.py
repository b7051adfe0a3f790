"""Finds any of many word patterns in one pass: an automaton over words that is worked out while it is used.

A pattern is a row of steps; each takes one word of a set, or any word, and may be optional. Hundreds of patterns in
a dozen languages cost one dictionary look-up per word, however many of them there are. `envoy*` is every word that
begins so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_STATES_LIMIT = 20_000  # a hostile text cannot fill the memory: beyond it everything is worked out anew
_SHORTEST_STEM = 3  # letters
_Item = tuple[int, int]  # (number of the pattern, steps taken)


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a pattern: the words that may stand there (None: any word)."""

    words: frozenset[str] | None
    optional: bool = False


Pattern = tuple[Step, ...]


@dataclass(slots=True, eq=False)
class _State:
    items: frozenset[_Item]
    fresh: bool = False  # covering: so far nothing but courtesy
    done: bool = False  # covering: patterns and courtesy only; searching: a pattern ends here
    lengths: tuple[int, ...] = ()  # of the patterns that end here
    moves: dict[str, _State] = field(default_factory=dict)


class Machine:
    """Word patterns, to be found inside a text (`find`, `spans`) or to make up all of it (`covers`)."""

    def __init__(self, patterns: Iterable[Pattern], *, courtesy: Iterable[str] = ()) -> None:
        self._patterns = _with_stems(list(dict.fromkeys(patterns)))
        self._courtesy = frozenset(courtesy)
        self._starts: dict[str, set[_Item]] = {}
        for number, pattern in enumerate(self._patterns):
            self._index(number, pattern)
        words = {word for pattern in self._patterns for step in pattern for word in step.words or ()}
        self._known = {word: word for word in words | self._courtesy}
        self._stems = {word[:-1]: word for word in words if word.endswith("*")}
        self._heads = frozenset(stem[:_SHORTEST_STEM] for stem in self._stems)
        self._states: dict[tuple[object, ...], _State] = {}
        self._nowhere = _State(frozenset())
        self._outset = _State(frozenset(), fresh=True)

    def _index(self, number: int, pattern: Pattern) -> None:
        for position, step in enumerate(pattern):
            if step.words is None:
                raise ValueError("a pattern cannot begin with any word")
            for word in step.words:
                self._starts.setdefault(word, set()).update(self._reached(number, position + 1))
            if not step.optional:
                return
        raise ValueError("a pattern needs a step that is not optional")

    def _reached(self, number: int, position: int) -> set[_Item]:
        """The item, and those that follow when optional steps are left out."""
        pattern, items = self._patterns[number], {(number, position)}
        while position < len(pattern) and pattern[position].optional:
            position += 1
            items.add((number, position))
        return items

    def _advance(self, state: _State, word: str) -> set[_Item]:
        items: set[_Item] = set()
        for number, position in state.items:
            step = self._patterns[number][position]
            if step.words is None or word in step.words:
                items |= self._reached(number, position + 1)
        return items

    def _state(self, items: set[_Item], *, fresh: bool = False, done: bool = False) -> _State:
        ended = {number for number, position in items if position == len(self._patterns[number])}
        open_items = frozenset(item for item in items if item[1] < len(self._patterns[item[0]]))
        lengths = tuple(sorted({len(self._patterns[number]) for number in ended}))
        key = (open_items, fresh, done or bool(ended), lengths)
        if len(self._states) >= _STATES_LIMIT:
            self._states.clear()
            self._nowhere.moves.clear()
            self._outset.moves.clear()
        return self._states.setdefault(key, _State(open_items, fresh, done or bool(ended), lengths))

    def _searching(self, state: _State, word: str) -> _State:
        following = self._state(self._advance(state, word) | self._starts.get(word, set()))
        state.moves[word] = following
        return following

    def _covering(self, state: _State, word: str) -> _State:
        items = self._advance(state, word)
        if state.fresh or state.done:
            items |= self._starts.get(word, set())
        polite = word in self._courtesy
        following = self._state(items, fresh=state.fresh and polite, done=state.done and polite)
        state.moves[word] = following
        return following

    def _symbols(self, words: Sequence[str]) -> list[str]:
        known, heads = self._known, self._heads
        return [
            known.get(word) or (self._stem(word) if word[:_SHORTEST_STEM] in heads else "") for word in words
        ]

    def _stem(self, word: str) -> str:
        """The longest stem that the word begins with."""
        ends = range(len(word), _SHORTEST_STEM - 1, -1)
        return next((self._stems[word[:end]] for end in ends if word[:end] in self._stems), "")

    def find(self, words: Sequence[str]) -> int:
        """The place of the last word of the first pattern that is found; -1: none is."""
        state = self._nowhere
        for place, word in enumerate(self._symbols(words)):
            state = state.moves.get(word) or self._searching(state, word)
            if state.done:
                return place
        return -1

    def spans(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """(start, end) of everything found; for patterns without optional steps."""
        state = self._nowhere
        found: list[tuple[int, int]] = []
        for place, word in enumerate(self._symbols(words)):
            state = state.moves.get(word) or self._searching(state, word)
            found.extend((place + 1 - length, place + 1) for length in state.lengths)
        return found

    def covers(self, words: Sequence[str]) -> bool:
        """Whether the text is one or more patterns and otherwise courtesy."""
        state = self._outset
        for word in self._symbols(words):
            state = state.moves.get(word) or self._covering(state, word)
            if not (state.items or state.fresh or state.done):
                return False
        return state.done


def _with_stems(patterns: list[Pattern]) -> list[Pattern]:
    """The patterns, with each stem's step taking every listed word and longer stem that begins with it."""
    words = {word for pattern in patterns for step in pattern for word in step.words or ()}
    stems = {word for word in words if word.endswith("*")}
    taken = {stem: frozenset(word for word in words if word.startswith(stem[:-1])) for stem in stems}

    def widened(step: Step) -> Step:
        found = stems & step.words if step.words else None
        if not found or step.words is None:
            return step
        return Step(step.words.union(*(taken[stem] for stem in found)), step.optional)

    return [tuple(widened(step) for step in pattern) for pattern in patterns]
