"""Two pieces of nested data, told apart key by key. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One key; None stands for "not there"."""

    key: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What differs, in the order of `before`, new keys last."""
    old, new = dict(flat(before)), dict(flat(after))
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) != new.get(key):
            yield Change(key, old.get(key), new.get(key))


def flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of every leaf; blank texts count as not there."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from flat(item, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from flat(item, f"{place}[{index}]")
    elif value not in ("", None):
        yield place, value
