"""Counting what is new: events and callbacks are added to the tallies a few seconds after they were written.

A row may become visible later than a row with a higher number, while its transaction lasts. So a pass notes how far the
source goes now, and a later pass, `SETTLED_AFTER` later by the database's clock, counts up to there. The position moves
by compare-and-set in the transaction that adds the counts: however many workers count, each row is counted once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection, transaction

from core.clock import database_now
from operations.metrics import sources
from operations.metrics.sources import Counts
from operations.models import Tally, TallyCursor

SETTLED_AFTER: Final = timedelta(seconds=10)
_ADD: Final = (
    "INSERT INTO operations_tally (series, labels, value) VALUES (%s, %s, %s) "
    "ON CONFLICT (series, labels) DO UPDATE SET value = operations_tally.value + excluded.value"
)


@dataclass(frozen=True)
class Source:
    """Rows in an order: where it ends now, the position a bounded step further, the counts between two positions."""

    name: str
    top: Callable[[], str]
    step: Callable[[str, str], str]
    count: Callable[[str, str], Counts]


SOURCES: Final[tuple[Source, ...]] = (
    Source("message_events", sources.newest_event, sources.next_event, sources.count_events),
    Source("callbacks", sources.newest_moment, sources.next_moment, sources.count_callbacks),
)


def tally() -> int:
    """One pass over every source; gives how many counters grew. Twice is harmless."""
    return sum(_pass(source) for source in SOURCES)


def _pass(source: Source) -> int:
    moment = database_now()
    cursor = TallyCursor.objects.filter(source=source.name).first()
    if cursor is None:
        top = source.top()
        begun = TallyCursor(source=source.name, position=top, horizon=top, horizon_at=moment)
        TallyCursor.objects.bulk_create([begun], ignore_conflicts=True)
        return 0
    mine = TallyCursor.objects.filter(source=source.name, horizon_at=cursor.horizon_at)
    # The first worker to see that a pass is due does it; the others come back for the next.
    if moment < cursor.horizon_at + SETTLED_AFTER or not mine.update(horizon_at=moment):
        return 0
    until = source.step(cursor.position, cursor.horizon)
    counts = source.count(cursor.position, until)
    horizon = source.top() if until == cursor.horizon else cursor.horizon
    with transaction.atomic():
        here = TallyCursor.objects.filter(source=source.name, position=cursor.position)
        if not here.update(position=until, horizon=horizon):
            return 0
        _add(counts)
    return len(counts)


def _add(counts: Counts) -> None:
    rows = [(series, json.dumps(labels), value) for (series, *labels), value in sorted(counts.items())]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)


def tallies(series: Iterable[str]) -> dict[str, list[tuple[list[str], int]]]:
    """The counters of these series: label values and value."""
    found: dict[str, list[tuple[list[str], int]]] = {name: [] for name in series}
    rows = Tally.objects.filter(series__in=list(found)).order_by("series", "labels")
    for name, labels, value in rows.values_list("series", "labels", "value"):
        found[name].append((json.loads(labels), value))
    return found
