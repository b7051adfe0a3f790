"""Words within a slip or two of a known one, found without working out the distance from each of them."""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST = 3  # letters
_LONG = 8  # letters from which two slips are forgiven
_MASKS = 61


class NearWords:
    """Targets and the words that look like slips of them but are words of their own."""

    def __init__(self, targets: Iterable[str], *, exceptions: Iterable[str] = ()) -> None:
        self._exceptions = frozenset(exceptions)
        # Length of a written word -> the targets it may be meant for, each with its letters and its slips.
        self._candidates: dict[int, list[tuple[str, int, int]]] = {}
        for target in dict.fromkeys(targets):
            slips = 2 if len(target) >= _LONG else 1
            for length in range(max(_SHORTEST, len(target) - slips), len(target) + slips + 1):
                self._candidates.setdefault(length, []).append((target, _letters(target), slips))

    def target(self, word: str) -> str:
        """The target that the word may be meant for; "" for a word of its own."""
        candidates = self._candidates.get(len(word))
        if not candidates or word in self._exceptions:
            return ""
        letters, best = _letters(word), (_MASKS, "")
        for target, wanted, slips in candidates:
            # A slip adds a letter, takes one away, or both: more letters of difference need no closer look.
            if (letters ^ wanted).bit_count() <= 2 * slips and (far := distance(word, target)) <= slips:
                best = min(best, (far, target))
        return best[1]


def _letters(word: str) -> int:
    """The set of letters, as bits; letters that share a bit only make words look nearer than they are."""
    found = 0
    for letter in word:
        found |= 1 << ord(letter) % _MASKS
    return found


def distance(one: str, other: str) -> int:
    """Letters left out, added, exchanged or swapped with their neighbour to get from one to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
