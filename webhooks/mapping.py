"""Mapping by example: a provider's sample with {{variables}} in it. Pure: no Django, no models."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import MappingInvalid, PayloadUnreadable
from core.text import clean
from webhooks.bodies import DEEPEST

MOST_EVENTS = 1_000  # in one callback
_VARIABLE = re.compile(r"\{\{\s*([\w.]*)\s*\}\}")


class SampleFault(MappingInvalid):
    """A sample cannot be used; `index` is the character where its author should look."""

    def __init__(self, text: str, *, index: int = 0) -> None:
        super().__init__(text)
        self.index = index


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place where a variable stands, maybe with fixed text around it ("tel:{{profileNumber}}")."""

    variable: str
    before: str = ""
    after: str = ""

    def value_in(self, found: str) -> str:
        """What stands in the variable's place; text around it is taken away where it occurs."""
        return found.removeprefix(self.before).removesuffix(self.after)


@dataclass(frozen=True, slots=True)
class Constant:
    """A fixed value of the sample: it tells two kinds of callback apart, it is never required."""

    text: str


@dataclass(frozen=True, slots=True)
class Members:
    """An object of the sample."""

    nodes: tuple[tuple[str, Node], ...]


Node = Leaf | Constant | Members


@dataclass(slots=True)
class Row:
    """What one callback, or one element of its lists, holds."""

    values: dict[str, str] = field(default_factory=dict)
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


class Sample:
    """One sample, read once and then applied to every callback.

    A list in the sample, and any list in the callback, means "each element". Raises SampleFault.
    """

    def __init__(self, source: str, *, known: Collection[str]) -> None:
        self.places: dict[str, str] = {}
        self._source = source
        self._known = known
        try:
            example = json.loads(source, parse_int=str, parse_float=str, parse_constant=str)
            node = self._compile(example, "", 0)
        except json.JSONDecodeError as error:
            unquoted = source[max(error.pos - 1, 0) : error.pos + 1] == "{{"
            hint = ' Put the variable in quotes: "{{…}}".' if unquoted else ""
            raise SampleFault(
                f"The sample is not valid JSON: {error.msg}.{hint}",
                index=error.pos,
            ) from error
        except RecursionError as error:
            raise SampleFault(f"The sample is nested deeper than {DEEPEST} levels.") from error
        if not isinstance(node, Members):
            raise SampleFault(
                'The sample must be a JSON object such as {"from": "{{profileNumber}}"}, or a list with one.'
            )
        self._root = node

    @property
    def variables(self) -> frozenset[str]:
        """The variables that stand in the sample."""
        return frozenset(self.places)

    def rows(self, value: Any) -> list[Row]:
        """What the callback holds: a row, or one for each list element; PayloadUnreadable if too many."""
        return list(_rows(self._root, value, ""))

    def _compile(self, example: Any, path: str, depth: int) -> Node | None:
        if depth > DEEPEST:
            raise SampleFault(f"The sample is nested deeper than {DEEPEST} levels.")
        if isinstance(example, dict):
            return self._compile_members(example, path, depth)
        if isinstance(example, list):
            return self._compile_list(example, path, depth)
        if isinstance(example, str) and "{{" in example:
            return self._leaf(example, path)
        return None if example is None else Constant(_text(example) or "")

    def _compile_members(self, example: dict[str, Any], path: str, depth: int) -> Members:
        found = ((key, self._compile(part, f"{path}.{key}", depth + 1)) for key, part in example.items())
        return Members(tuple((key, node) for key, node in found if node is not None))

    def _compile_list(self, example: list[Any], path: str, depth: int) -> Node | None:
        spoken = [element for element in example if "{{" in json.dumps(element)]
        if len(spoken) > 1:
            raise SampleFault(
                f"The list at {path.lstrip('.') or 'the top'} holds variables in more than one element. "
                "Keep one element: it stands for each."
            )
        return self._compile(spoken[0], f"{path}[]", depth + 1) if spoken else None

    def _fault(self, text: str, example: str) -> SampleFault:
        """A fault shown where the value stands last, as the source writes it."""
        return SampleFault(text, index=max(self._source.rfind(json.dumps(example, ensure_ascii=False)), 0))

    def _leaf(self, example: str, path: str) -> Leaf:
        found = _VARIABLE.findall(example)
        if len(found) != 1:
            raise self._fault(
                f'Write one variable in each value; "{example}" does not have exactly one.', example
            )
        name = found[0]
        if name not in self._known:
            allowed = ", ".join(f"{{{{{known}}}}}" for known in sorted(self._known))
            raise self._fault(f"{{{{{name}}}}} is not a variable of this sample. Use {allowed}.", example)
        if name in self.places:
            raise self._fault(
                f"{{{{{name}}}}} stands in the sample twice. Keep the one that counts.", example
            )
        self.places[name] = path.lstrip(".")
        before, _, after = _VARIABLE.sub("\x00", example).partition("\x00")
        return Leaf(name, before, after)


def _rows(node: Node, value: Any, path: str) -> Iterator[Row]:
    if isinstance(value, list) and not isinstance(node, Constant):
        yield from _each(node, value, path)
    elif isinstance(node, Members):
        yield from _members(node, value if isinstance(value, dict) else {}, path)
    elif isinstance(node, Leaf):
        found = _text(value)
        yield Row() if found is None else Row({node.variable: node.value_in(found)})
    else:
        yield Row(likeness=1 if _text(value) == node.text else -1)


def _each(node: Node, values: list[Any], path: str) -> Iterator[Row]:
    if not values:
        yield Row(empty=True)
    for position, value in enumerate(values):
        for row in _rows(node, value, path):
            row.place = ((path, position), *row.place)
            yield row


def _members(node: Members, value: Mapping[str, Any], path: str) -> list[Row]:
    rows = [Row()]
    for key, child in node.nodes:
        rows = _product(rows, list(_rows(child, value.get(key), f"{path}.{key}")))
    return rows


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


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return None
