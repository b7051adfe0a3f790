"""A filter once it is read: conditions under all, any and not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.audiences.fields import ATTRIBUTE, ATTRIBUTES, FIELDS, Field


@dataclass(frozen=True)
class Condition:
    """One question about a profile; `path` leads to an attribute, `value` is of the kind that the operator takes."""

    field: str
    op: str
    value: Any = None
    path: tuple[str, ...] = ()
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def about(self) -> Field:
        """The field it asks about."""
        return ATTRIBUTE if self.field == ATTRIBUTES else FIELDS[self.field]


@dataclass(frozen=True)
class Group:
    """All of its children hold, or any of them (`is_any`)."""

    children: tuple[Node, ...] = ()
    is_any: bool = False


@dataclass(frozen=True)
class Negation:
    """Its child does not hold."""

    child: Node


Node = Condition | Group | Negation


def conditions_of(node: Node) -> Iterator[Condition]:
    """Every condition of a filter."""
    match node:
        case Condition():
            yield node
        case Negation():
            yield from conditions_of(node.child)
        case Group():
            for child in node.children:
                yield from conditions_of(child)
