"""Consent as CSV, streamed: what holds now, or every event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, QuerySet

from consent.models import ConsentEvent, ConsentState
from consent.selectors import number_of, open_event
from core.csv_out import csv_lines

STATES, EVENTS = "states", "events"
_PAGE = 1000
_STATE_COLUMNS = ("number", "state", "scope", "purpose", "source", "since")
_EVENT_COLUMNS = (
    "number", "sequence", "event", "scope", "purpose", "source", "keyword", "rule", "actor", "reason", "reference",
    "occurred_at", "received_at", "text", "hash",
)  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """What to export; blank means all. Days count in UTC, both included."""

    kind: str = ""
    source: str = ""
    scope: str = ""
    purpose: str = ""
    since: datetime | None = None
    until: datetime | None = None


def states_csv(filters: Filters) -> Iterator[str]:
    """One line per number, scope and purpose; `kind` is "in" or "out"."""
    rows = _narrowed(ConsentState.objects.exclude(state=""), filters, kind="state", at="changed_at")
    return csv_lines(_states(rows.select_related("subject__key")))


def events_csv(filters: Filters) -> Iterator[str]:
    """One line per event, oldest first."""
    rows = _narrowed(ConsentEvent.objects.all(), filters, kind="kind", at="received_at")
    return csv_lines(_events(rows.select_related("subject__key")))


def _narrowed(rows: QuerySet[Any], filters: Filters, *, kind: str, at: str) -> QuerySet[Any]:
    wanted = {
        kind: filters.kind,
        "source": filters.source,
        "scope": filters.scope,
        "purpose": filters.purpose,
        f"{at}__gte": filters.since,
        f"{at}__lt": filters.until,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value})


def _states(rows: QuerySet[ConsentState]) -> Iterator[tuple[Any, ...]]:
    yield _STATE_COLUMNS
    for row in _pages(rows):
        yield (
            number_of(row.subject) or "(erased)", row.state, row.scope, row.purpose, row.source, _text(row.changed_at)
        )  # fmt: skip


def _events(rows: QuerySet[ConsentEvent]) -> Iterator[tuple[Any, ...]]:
    yield _EVENT_COLUMNS
    for event in _pages(rows):
        opened = open_event(event)
        number = number_of(event.subject) or "(erased)"
        yield (
            number, event.sequence, event.kind, event.scope, event.purpose, event.source, event.keyword,
            event.rule_version, event.actor, event.reason, event.reference, _text(event.occurred_at),
            _text(event.received_at), "(erased)" if opened.erased else opened.text, event.hash,
        )  # fmt: skip


def _pages(rows: QuerySet[Any]) -> Iterator[Any]:
    """Rows by id, a page per query: no transaction stays open while somebody downloads slowly."""
    last: Any = 0
    while True:
        page: list[Model] = list(rows.filter(pk__gt=last).order_by("pk")[:_PAGE])
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].pk


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
