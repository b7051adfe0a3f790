"""Which attributes profiles really have: what the picker offers and the check compares with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.brief import BriefMemory
from profiles.models import Profile

_LOOKED_AT = 300  # profiles: the newest and the oldest, however many there are
_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Attribute:
    """A dotted path below `profile`, what its values are, and in how many of 100 profiles it stands."""

    path: str
    kind: str
    share: int


def seen_attributes() -> tuple[Attribute, ...]:
    """Attributes of a sample of profiles, the commonest first; at most a second old."""
    return _seen.get("") or ()


def known_paths() -> frozenset[str]:
    """The same as variables: {"profile.firstName", …}."""
    return frozenset(f"profile.{attribute.path}" for attribute in seen_attributes())


def attributes_in(rows: list[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    """What stands in these profiles, the commonest first."""
    counts: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    for row in rows:
        for path, value in _paths(row):
            counts[path] += 1
            kinds.setdefault(path, _kind(value))
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]
    return tuple(Attribute(path, kinds[path], round(100 * count / len(rows))) for path, count in common)


def _load(_: str) -> tuple[Attribute, ...]:
    half = _LOOKED_AT // 2
    newest = Profile.objects.order_by("-id").values_list("id", "attributes")[:half]
    oldest = Profile.objects.order_by("id").values_list("id", "attributes")[:half]
    return attributes_in(list({**dict(newest), **dict(oldest)}.values()))


_seen: BriefMemory[str, tuple[Attribute, ...]] = BriefMemory(_load)


def _paths(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        path = f"{before}{name}"
        if item is None:
            continue
        yield path, item
        if isinstance(item, dict):
            yield from _paths(item, f"{path}.")


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "yes or no"),
    ((int, float), "number"),
    (str, "text"),
    (list, "list"),
    (dict, "map"),
)


def _kind(value: Any) -> str:
    return next((words for types, words in _KINDS if isinstance(value, types)), "value")
