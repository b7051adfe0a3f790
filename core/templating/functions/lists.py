"""Helper functions about lists and maps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from core.errors import TemplateInvalid
from core.templating.functions.values import is_absent, list_of, number_of, text_of, whole_of


def average(value: Any) -> int | float:
    """The mean of the numbers in a list."""
    numbers = _numbers(value)
    if not numbers:
        raise TemplateInvalid("An empty list has no average.")
    mean = sum(numbers) / len(numbers)
    return int(mean) if mean == int(mean) else round(mean, 10)


def smallest(value: Any) -> int | float:
    """The smallest number of a list."""
    return min(_some_numbers(value))


def largest(value: Any) -> int | float:
    """The largest number of a list."""
    return max(_some_numbers(value))


def distinct(value: Any) -> list[Any]:
    """Each item once, in the order of the list."""
    found: dict[str, Any] = {}
    for item in list_of(value):
        found.setdefault(_key(item), item)
    return list(found.values())


def first_n(value: Any, count: Any = 1) -> list[Any]:
    """The first so many items."""
    return list_of(value)[: max(whole_of(count), 0)]


def last_n(value: Any, count: Any = 1) -> list[Any]:
    """The last so many items."""
    wanted = max(whole_of(count), 0)
    return list_of(value)[-wanted:] if wanted else []


def head(value: Any) -> Any:
    """The first item; nothing of an empty list."""
    return next(iter(list_of(value)), None)


def is_in(value: Any, *choices: Any) -> bool:
    """Whether a value is one of a list, or of the values that follow."""
    offered = choices[0] if len(choices) == 1 and isinstance(choices[0], list) else choices
    return _key(value) in _keys(offered)


def includes(value: Any, item: Any = None) -> bool:
    """Whether a list holds a value, or a text another."""
    if isinstance(value, str):
        return text_of(item) in value
    return _key(item) in _keys(list_of(value))


def get(value: Any, key: Any = "") -> Any:
    """The value under a key of a map; nothing when it has none."""
    return value.get(text_of(key)) if isinstance(value, dict) else None


def keys(value: Any) -> list[Any]:
    """The keys of a map."""
    return list(_map(value))


def values(value: Any) -> list[Any]:
    """The values of a map."""
    return list(_map(value).values())


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TemplateInvalid("keys and values need a map, such as profile.address.")
    return value


def _numbers(value: Any) -> list[int | float]:
    return [number_of(item) for item in list_of(value) if item is not None]


def _some_numbers(value: Any) -> list[int | float]:
    numbers = _numbers(value)
    if not numbers:
        raise TemplateInvalid("An empty list has no smallest and no largest number.")
    return numbers


def _key(item: Any) -> str:
    """What makes items the same: a number and its text are, so that CSV and JSON data compare alike."""
    if isinstance(item, dict | list):
        return json.dumps(item, sort_keys=True, default=str)
    return text_of(item)


def _keys(items: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(_key, items))


def _full(value: Any) -> list[Any]:
    return [item for item in list_of(value) if item is not None]


def _intersects(value: Any, other: Any = None) -> bool:
    return not _keys(list_of(value)).isdisjoint(_keys(list_of(other)))


def _subset(value: Any, other: Any = None) -> bool:
    return _keys(list_of(value)) <= _keys(list_of(other))


def _superset(value: Any, other: Any = None) -> bool:
    return _keys(list_of(value)) >= _keys(list_of(other))


TAKE_ABSENT: Final = frozenset({"isNull", "isNotNull", "count", "countWithNull"})
FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "average": average, "min": smallest, "max": largest, "distinct": distinct, "firstN": first_n, "lastN": last_n,
    "head": head, "isIn": is_in, "notIn": lambda value, *choices: not is_in(value, *choices), "includes": includes,
    "count": lambda value: len(_full(value)), "countWithNull": lambda value: len(list_of(value)),
    "countOnlyNull": lambda value: len(list_of(value)) - len(_full(value)),
    "distinctCount": lambda value: len(distinct(_full(value))),
    "distinctCountWithNull": lambda value: len(distinct(value)),
    "intersects": _intersects, "subsetOf": _subset, "supersetOf": _superset,
    "get": get, "keys": keys, "values": values,
    "isNull": is_absent, "isNotNull": lambda value: not is_absent(value),
}  # fmt: skip
