"""The compiled form of a mapping: a tree of places, laid over the tree of a callback to give its rows.

Samples and path rows both end here. A list in the callback means "each element"; lists beside each other multiply.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import PayloadUnreadable
from webhooks.bodies import TEXT_KEY, XmlElement

MOST_EVENTS = 1_000  # in one callback


@dataclass(slots=True)
class Row:
    """What one callback, or one element of its lists, holds: slot number -> text."""

    values: dict[int, str] = field(default_factory=dict)
    likeness: int = 0  # constants that agree with the sample, less those that do not
    place: tuple[tuple[str, int], ...] = ()  # which element of which list
    empty: bool = False  # a list stood there with nothing in it

    def joined(self, other: Row) -> Row:
        """Both rows as one."""
        return Row(
            {**self.values, **other.values},
            self.likeness + other.likeness,
            self.place + other.place,
            self.empty or other.empty,
        )


@dataclass(frozen=True, slots=True)
class Leaf:
    """A slot that is filled here, maybe with fixed text around the value ("tel:{{profileNumber}}")."""

    slot: int
    before: str = ""
    after: str = ""
    tested: bool = False  # only looked at by rules: it may be an object, and it repeats nothing

    def value_in(self, found: str) -> str:
        """What stands in the variable's place; text around it is taken away where it occurs."""
        return found.removeprefix(self.before).removesuffix(self.after)


@dataclass(slots=True)
class Place:
    """A node; `listed`: the path says that a list stands here, so in XML it may have no element at all."""

    leaves: list[Leaf] = field(default_factory=list)
    constant: str | None = None
    members: dict[str, Place] = field(default_factory=dict)
    indexes: dict[int, Place] = field(default_factory=dict)
    anywhere: dict[str, Place] = field(default_factory=dict)
    listed: bool = False
    speaks: bool = False  # a variable stands here or below
    # Members that are one variable and nothing else, as (key, slot), and all others: the usual case is quick.
    simple: tuple[tuple[str, int], ...] = ()
    others: tuple[tuple[str, Place], ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether only fixed text stands here."""
        return not (self.leaves or self.members or self.indexes or self.anywhere)

    def sealed(self) -> Place:
        """Decide once, after all places are in, where variables stand."""
        below = [*self.members.values(), *self.indexes.values(), *self.anywhere.values()]
        spoken = [place.sealed().speaks for place in below]
        self.speaks = any(spoken) or any(not leaf.tested for leaf in self.leaves)
        slots = {key: child.only_slot for key, child in self.members.items()}
        self.simple = tuple((key, slot) for key, slot in slots.items() if slot is not None)
        self.others = tuple((key, child) for key, child in self.members.items() if slots[key] is None)
        return self

    @property
    def only_slot(self) -> int | None:
        """The slot when one variable stands here with nothing around it or below."""
        if len(self.leaves) != 1 or self.members or self.indexes or self.anywhere or self.listed:
            return None
        leaf = self.leaves[0]
        plain = self.constant is None and not (leaf.before or leaf.after or leaf.tested)
        return leaf.slot if plain else None


def rows_of(place: Place, value: Any, path: str = "") -> list[Row]:
    """What the value holds by this place; PayloadUnreadable when there is too much of it."""
    if type(value) is list and not place.indexes and not place.is_constant:
        if place.speaks:
            return list(_each(place, value, path))
        below = value[0] if value and place.members else value
        return _rows_of_one(place, below, path)
    return _rows_of_one(place, value, path)


def _each(place: Place, values: list[Any], path: str) -> Iterator[Row]:
    if not values:
        yield Row(empty=True)
    for position, value in enumerate(values):
        for row in rows_of(place, value, path):
            row.place = ((path, position), *row.place)
            yield row


def _rows_of_one(place: Place, value: Any, path: str) -> list[Row]:
    row = Row()
    if place.constant is not None:
        row.likeness += 1 if text_of(value) == place.constant else -1
    if place.leaves:
        _fill(row, place, value)
    rows = [row]
    if place.members:
        rows = _members(place, value, path, rows)
    for index, child in place.indexes.items():
        found = value[index] if isinstance(value, list) and -len(value) <= index < len(value) else None
        rows = _product(rows, rows_of(child, found, f"{path}[{index}]"))
    for key, child in place.anywhere.items():
        rows = _product(rows, rows_of(child, _first(value, key), f"{path}//{key}"))
    return rows


def _members(place: Place, value: Any, path: str, rows: list[Row]) -> list[Row]:
    known = value if isinstance(value, dict) else {TEXT_KEY: value} if isinstance(value, str) else {}
    for key, slot in place.simple:
        found = known.get(key)
        if type(found) is str:
            for row in rows:
                row.values[slot] = found
        elif found is not None:
            rows = _product(rows, rows_of(place.members[key], found, f"{path}.{key}"))
    for key, child in place.others:
        found = known.get(key)
        if found is None and child.listed and (value == "" or isinstance(value, XmlElement)):
            rows = _product(rows, [Row(empty=True)])
        elif child.is_constant:
            agrees = 1 if text_of(found) == child.constant else -1
            for row in rows:
                row.likeness += agrees
        else:
            rows = _product(rows, rows_of(child, found, f"{path}.{key}"))
    return rows


def _fill(row: Row, place: Place, value: Any) -> None:
    for leaf in place.leaves:
        text = text_of(value)
        if text is None and leaf.tested and value is not None:
            text = json.dumps(value, ensure_ascii=False, default=str) if value else ""
        if text is not None:
            row.values[leaf.slot] = leaf.value_in(text)


def _product(rows: list[Row], more: list[Row]) -> list[Row]:
    if len(rows) * len(more) > MOST_EVENTS:
        raise PayloadUnreadable(f"The callback holds more than {MOST_EVENTS} events.")
    if len(rows) == len(more) == 1 and not more[0].place:
        row, other = rows[0], more[0]
        row.values.update(other.values)
        row.likeness += other.likeness
        row.empty = row.empty or other.empty
        return rows
    return [row.joined(other) for row in rows for other in more]


def _first(value: Any, name: str) -> Any:
    """The first value of that name, however deep."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        below: Any = value.values()
    elif isinstance(value, list):
        below = value
    else:
        return None
    return next((found for found in (_first(item, name) for item in below) if found is not None), None)


def text_of(value: Any) -> str | None:
    """A value as text; None for nothing, objects and lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        text = value.get(TEXT_KEY)
        return text if isinstance(text, str) else None
    return None
