"""A mapping made ready once for every callback: its places, its variables with their filters, the slots of rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any

from core.errors import GatewayError, MappingInvalid
from core.value_paths import Document, ValuePath, compile_path
from webhooks.mapping.example import Mark, marks_of
from webhooks.mapping.faults import FieldFault, SampleFault
from webhooks.mapping.filters import Filter, chain_of
from webhooks.mapping.paths import OUTSIDE, Step, steps_of
from webhooks.mapping.places import Leaf, Place, Row, rows_of
from webhooks.spec import FieldRow, MappingSpec


@dataclass(slots=True)
class Variable:
    """Where a variable may stand, in order of preference, and what is done with its value."""

    slots: list[int] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    filters: list[list[Filter]] = field(default_factory=list)  # one chain for each slot
    always: list[Filter] = field(default_factory=list)  # for the value, wherever it stood, or for none at all

    @property
    def is_plain(self) -> bool:
        """Whether it stands in one place and is taken as it is."""
        return len(self.slots) == 1 and not self.filters[0] and not self.always


class SlotTable:
    """The tree of places while it is built; each path has one slot."""

    def __init__(self) -> None:
        self.root = Place()
        self.outside: list[tuple[int, ValuePath]] = []
        self._count = 0
        self._tested: dict[str, int] = {}

    def add(self, steps: Iterable[Step], *, before: str = "", after: str = "", tested: bool = False) -> int:
        """A slot for what stands at the end of the steps."""
        place = self.root
        for step in steps:
            place = _child(place, step)
        place.leaves.append(Leaf(self._count, before, after, tested))
        return self._next()

    def path(self, path: str, *, tested: bool = False) -> int:
        """A slot for a path as operators write it; MappingInvalid when it is none."""
        if path.startswith(OUTSIDE):
            try:
                self.outside.append((self._count, compile_path(path)))
            except GatewayError as error:
                raise MappingInvalid(error.text) from error
            return self._next()
        return self.add(steps_of(path), tested=tested)

    def tested(self, path: str) -> int:
        """The slot of a path that a rule or another value's filter looks at; asked twice it is the same."""
        if path not in self._tested:
            self._tested[path] = self.path(path, tested=True)
        return self._tested[path]

    def constant(self, steps: Iterable[Step], text: str) -> None:
        """Fixed text of a sample."""
        place = self.root
        for step in steps:
            place = _child(place, step)
        place.constant = text

    def _next(self) -> int:
        self._count += 1
        return self._count - 1


class Mapping:
    """One kind of callback: `rows` of its tree, and the `value` of a variable in a row.

    Raises SampleFault or MappingInvalid when it can never work. A mapping without sample and rows has no variables;
    it still gives a row for the rules to look at.
    """

    def __init__(self, spec: MappingSpec, *, known: Collection[str], tested: Iterable[str] = ()) -> None:
        self._known = known
        self._variables: dict[str, Variable] = {}
        self._table = SlotTable()
        if spec.sample.strip():
            for mark in marks_of(spec.sample, known=known):
                self._mark(mark)
        for row in spec.fields:
            self._row(row)
        self.slots = {path: self._table.tested(path) for path in tested if path}
        self._root = self._table.root.sealed()

    @property
    def variables(self) -> frozenset[str]:
        """The variables that can be read."""
        return frozenset(self._variables)

    @property
    def places(self) -> MappingType[str, str]:
        """Variable -> where it stands first."""
        return {name: found.places[0] for name, found in self._variables.items() if found.places}

    def rows(self, tree: Any, document: Callable[[], Document]) -> list[Row]:
        """What the callback holds: a row, or one for each list element; PayloadUnreadable if too many."""
        rows = rows_of(self._root, tree)
        for slot, path in self._table.outside:
            value = path.find(document())
            if isinstance(value, str):
                for row in rows:
                    row.values[slot] = value
        return rows

    def value(self, row: Row, name: str) -> str | None:
        """The variable's value in the row, None when it has none; FieldFault when it is not as it must be."""
        variable = self._variables.get(name)
        if variable is None:
            return None
        if variable.is_plain:
            return row.values.get(variable.slots[0])
        try:
            return _filtered(variable, row)
        except FieldFault as fault:
            raise FieldFault(f"{name}: {fault.text}") from fault

    def holds_any(self, row: Row) -> bool:
        """Whether any variable stands in the row."""
        return any(slot in row.values for found in self._variables.values() for slot in found.slots)

    def _mark(self, mark: Mark) -> None:
        if mark.constant is not None:
            self._table.constant(mark.steps, mark.constant)
            return
        try:
            own, always = chain_of(mark.filters, self._table.tested)
        except MappingInvalid as error:
            raise SampleFault(error.text, index=mark.index) from error
        variable = self._variables.setdefault(mark.variable, Variable())
        variable.slots.append(self._table.add(mark.steps, before=mark.before, after=mark.after))
        variable.places.append(mark.place)
        variable.filters.append(own)
        variable.always += always

    def _row(self, row: FieldRow) -> None:
        if row.name not in self._known:
            raise MappingInvalid(f"{row.name} is not a variable. Use {', '.join(sorted(self._known))}.")
        own, always = chain_of(row.filters, self._table.tested)
        if row.paths:
            variable = self._variables[row.name] = Variable()
            variable.slots = [self._table.path(path) for path in row.paths]
            variable.places = list(row.paths)
            variable.filters = [own for _ in row.paths]
        elif row.name not in self._variables:
            return  # its paths are variables of the credential that are blank
        else:
            variable = self._variables[row.name]
            variable.filters = [[*filters, *own] for filters in variable.filters]
        variable.always += always


def _filtered(variable: Variable, row: Row) -> str | None:
    """The first value that is not blank, its filters applied."""
    found: str | None = None
    for slot, filters in zip(variable.slots, variable.filters, strict=True):
        value = row.values.get(slot)
        for apply in filters:
            value = apply(value, row)
        if value is not None and (found is None or not found.strip()):
            found = value
            if value.strip():
                break
    for apply in variable.always:
        found = apply(found, row)
    return found


def _child(place: Place, step: Step) -> Place:
    if step.index is not None:
        child = place.indexes.setdefault(step.index, Place())
    elif step.anywhere:
        child = place.anywhere.setdefault(step.key, Place())
    else:
        child = place.members.setdefault(step.key, Place())
    child.listed = child.listed or step.listed
    return child


__all__ = ["FieldFault", "Mapping", "SlotTable"]
