"""What applying documents would change, key by key. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.configuration.documents import Document

_NOTHING: Final = None


@dataclass(frozen=True)
class Change:
    """One key of one record; None stands for "not there"."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Plan:
    """What becomes of one record; without changes it stays as it is."""

    document: Document
    is_new: bool
    changes: tuple[Change, ...]


def planned(wanted: Iterable[Document], stored: Iterable[Document]) -> list[Plan]:
    """A plan for each document, in its order; records that no document names are left alone."""
    known = {document.key: document for document in stored}
    plans = []
    for document in wanted:
        old = known.get(document.key)
        before = old.values if old else {}
        plans.append(Plan(document, old is None, tuple(_changes(before, document.values))))
    return plans


def unnamed(wanted: Iterable[Document], stored: Iterable[Document]) -> list[Document]:
    """Records that are stored and in no file; they are never deleted by applying."""
    named = {document.key for document in wanted}
    return [document for document in stored if document.key not in named]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = dict(flat(before)), dict(flat(after))
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key, _NOTHING) != new.get(key, _NOTHING):
            yield Change(key, old.get(key, _NOTHING), new.get(key, _NOTHING))


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
