"""What applying documents would change. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.differences import Change, differences
from operations.configuration.documents import Document


@dataclass(frozen=True)
class Plan:
    """What becomes of one record; without changes it stays as it is."""

    document: Document
    is_new: bool
    changes: tuple[Change, ...]

    @property
    def is_needed(self) -> bool:
        """Whether applying it does anything; a new record may have nothing in it but its name."""
        return self.is_new or bool(self.changes)


def planned(wanted: Iterable[Document], stored: Iterable[Document]) -> list[Plan]:
    """A plan for each document, in its order; records that no document names are left alone."""
    known = {document.key: document for document in stored}
    plans = []
    for document in wanted:
        old = known.get(document.key)
        before = old.values if old else {}
        plans.append(Plan(document, old is None, tuple(differences(before, document.values))))
    return plans


def unnamed(wanted: Iterable[Document], stored: Iterable[Document]) -> list[Document]:
    """Records that are stored and in no file; they are never deleted by applying."""
    named = {document.key for document in wanted}
    return [document for document in stored if document.key not in named]
