"""Response rules: the first whose status and value fit decides what an answer means. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import ConfigurationInvalid
from core.value_paths import Document, ValuePath, compile_expression, compile_path
from credentials.spec import Rule

_STATUS: Final = re.compile(r"([1-5])xx|(\d{3})(?:\s*-\s*(\d{3}))?", re.IGNORECASE)


def status_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """ "2xx, 400, 500-599" as (first, last) pairs; () for any status; ConfigurationInvalid when it is not that."""
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    return tuple(_range(piece) for piece in pieces)


def _range(piece: str) -> tuple[int, int]:
    match = _STATUS.fullmatch(piece)
    if match is None:
        raise ConfigurationInvalid(
            f"{piece!r} is not an HTTP status. Write 2xx, 400 or 500-599.", param="statuses"
        )
    if match[1]:
        first = int(match[1]) * 100
        return first, first + 99
    first, last = int(match[2]), int(match[3] or match[2])
    if not 100 <= first <= last <= 599:
        raise ConfigurationInvalid(f"{piece!r} is not a range of HTTP statuses.", param="statuses")
    return first, last


def as_written(value: Any) -> str:
    """A value as an operator types it: texts as they are, true, 3 or 0.5 as in JSON; "" for nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


_TESTS: Final[Mapping[str, Callable[[Any, tuple[Any, ...]], bool]]] = {
    "always": lambda value, wanted: True,
    "present": lambda value, wanted: not _is_empty(value),
    "absent": lambda value, wanted: _is_empty(value),
    "any_of": lambda value, wanted: value is not None and as_written(value).strip() in wanted,
    "none_of": lambda value, wanted: value is None or as_written(value).strip() not in wanted,
    "contains": lambda value, wanted: any(text in as_written(value) for text in wanted),
    "lacks": lambda value, wanted: bool(wanted) and not any(text in as_written(value) for text in wanted),
    "matches": lambda value, wanted: any(form.search(as_written(value)) for form in wanted),
}


def tester(test: str, values: Sequence[str]) -> Callable[[Any], bool]:
    """Whether a value passes a test of rules; PathInvalid or ConfigurationInvalid when it can never work."""
    if test not in _TESTS:
        raise ConfigurationInvalid(f"There is no test {test!r}. Use {', '.join(_TESTS)}.", param="test")
    wanted = tuple(compile_expression(value) if test == "matches" else value for value in values)
    passes = _TESTS[test]
    return lambda value: passes(value, wanted)


@dataclass(frozen=True)
class _Ready:
    """A rule whose parts are compiled."""

    rule: Rule
    ranges: tuple[tuple[int, int], ...]
    path: ValuePath | None
    wanted: tuple[Any, ...]

    def fits(self, status: int, document: Document) -> bool:
        if self.ranges and not any(first <= status <= last for first, last in self.ranges):
            return False
        value = document.text if self.path is None else self.path.find(document)
        return _TESTS[self.rule.test](value, self.wanted)


class Judge:
    """Rules in their order; PathInvalid or ConfigurationInvalid when one of them can never work."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(_ready(rule) for rule in rules)

    def first_fit(self, status: int, document: Document) -> tuple[int, Rule | None]:
        """(number from 1, rule) of the first rule that fits; (0, None) when none does."""
        for number, ready in enumerate(self._rules, start=1):
            if ready.fits(status, document):
                return number, ready.rule
        return 0, None


def _ready(rule: Rule) -> _Ready:
    wanted: tuple[Any, ...] = rule.values
    if rule.test == "matches":
        wanted = tuple(compile_expression(value) for value in rule.values)
    return _Ready(
        rule=rule,
        ranges=status_ranges(rule.statuses),
        path=compile_path(rule.path) if rule.path else None,
        wanted=wanted,
    )
