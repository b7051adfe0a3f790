"""Attributes that profiles have, seen in a sample: for pickers, and to tell a slip from a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from profiles.models import Profile

_SAMPLED = 500  # of the newest, and of the oldest
_MOST_NAMES = 200
_MOST_VALUES = 12
_LONGEST_VALUE = 40
_SEEN_OFTEN = 3


@dataclass
class Seen:
    """One attribute: how many profiles have it, and its values where they are few and none is one person's own."""

    name: str
    profiles: int = 0
    values: Counter[str] = field(default_factory=Counter)

    @property
    def usual(self) -> list[str]:
        """Values to offer, the most frequent first."""
        few = len(self.values) <= _MOST_VALUES
        return [value for value, times in self.values.most_common() if times >= _SEEN_OFTEN] if few else []


def seen_attributes() -> list[Seen]:
    """By dotted name, the most frequent first; from a sample, so a rare one may be missing."""
    rows = Profile.objects.all()
    newest = list(rows.order_by("-id").values_list("id", "attributes")[:_SAMPLED])
    oldest = list(rows.order_by("id").values_list("id", "attributes")[:_SAMPLED])
    found: dict[str, Seen] = {}
    for attributes in dict(newest + oldest).values():
        for name, value in leaves(attributes):
            seen = found.setdefault(name, Seen(name))
            seen.profiles += 1
            if len(seen.values) <= _MOST_VALUES and len(value) <= _LONGEST_VALUE:
                seen.values[value] += 1
    return sorted(found.values(), key=lambda seen: (-seen.profiles, seen.name))[:_MOST_NAMES]


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(dotted name, value as text) of every attribute; the items of a list count one by one."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, Mapping | list):
                yield place, _text(item)
    elif place:
        yield place, _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
