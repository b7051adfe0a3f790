"""Which attributes profiles really have, by a sample: for pickers and filters, and to tell a slip from a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.brief import BriefMemory
from core.templating import PickerGroup, PickerItem
from profiles.models import Profile

_LOOKED_AT = 500  # profiles: the newest and the oldest, however many there are
_MOST_SHOWN = 300
_MOST_VALUES = 12
_LONGEST_VALUE = 40
_SEEN_OFTEN = 3
_NONE_SEEN = (PickerItem("any attribute", "{{profile.NAME}}", "Replace NAME by the attribute's name"),)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A dotted path below `profile`, what its values are, and in how many of 100 profiles it stands.

    `values` are those that several profiles share, the most frequent first; none where there are many different ones.
    """

    path: str
    kind: str
    share: int
    values: tuple[str, ...] = ()


def seen_attributes() -> tuple[Attribute, ...]:
    """Attributes of a sample of profiles, the commonest first; at most a second old. A rare one may be missing."""
    return _seen.get("") or ()


def seen_names() -> list[str]:
    """The dotted names that a filter may ask about: all but those that only hold others."""
    return [attribute.path for attribute in seen_attributes() if attribute.kind != "map"]


def known_paths() -> frozenset[str]:
    """The same as variables: {"profile.firstName", …}, those that hold others among them."""
    return frozenset(f"profile.{attribute.path}" for attribute in seen_attributes())


def attribute_group(attributes: Iterable[Attribute]) -> PickerGroup:
    """What an editor of messages offers to insert."""
    return PickerGroup(
        "Profile attributes", tuple(_item(attribute) for attribute in attributes) or _NONE_SEEN
    )


def attributes_in(rows: Sequence[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    """What stands in these profiles, the commonest first."""
    counts: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    values: dict[str, Counter[str]] = {}
    for row in rows:
        for path, value in _paths(row):
            counts[path] += 1
            kinds.setdefault(path, _kind(value))
            own = values.setdefault(path, Counter())
            if len(own) <= _MOST_VALUES:
                own.update(text for text in _texts(value) if 0 < len(text) <= _LONGEST_VALUE)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]
    return tuple(
        Attribute(path, kinds[path], round(100 * count / len(rows)), _usual(values[path]))
        for path, count in common
    )


def leaves(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(dotted name, value as text) of every attribute; the items of a list count one by one."""
    return ((path, text) for path, value in _paths(attributes) for text in _texts(value))


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


def _texts(value: Any) -> Iterator[str]:
    """The values of one attribute as texts: its own, or those of a list's items."""
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, bool):
            yield str(item).lower()
        elif item is not None and not isinstance(item, dict | list):
            yield str(item)


def _usual(values: Counter[str]) -> tuple[str, ...]:
    few = len(values) <= _MOST_VALUES
    return tuple(value for value, times in values.most_common() if times >= _SEEN_OFTEN) if few else ()


def _item(attribute: Attribute) -> PickerItem:
    insert = "{{profile." + attribute.path + "}}"
    return PickerItem(attribute.path, insert, f"{attribute.kind}, in {max(attribute.share, 1)} % of profiles")


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "yes or no"),
    ((int, float), "number"),
    (str, "text"),
    (list, "list"),
    (dict, "map"),
)


def _kind(value: Any) -> str:
    return next((words for types, words in _KINDS if isinstance(value, types)), "value")
