"""Messages that are older than anybody asks for: as rows for an archive, and their deletion."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Model, QuerySet

from access.retention import delete_evidence, door_open
from core.ids import ID_MAY_BE_OFF, first_id_at
from links.forgetting import forget_messages as forget_links
from links.models import TrackedLink
from messaging.models import Attempt, Message, MessageEvent, MessagePart, StatusLookup
from messaging.states import UNDER_WAY

_BESIDE: tuple[tuple[str, type[Model]], ...] = (
    ("parts", MessagePart),
    ("attempts", Attempt),
    ("events", MessageEvent),
    ("links", TrackedLink),
    ("look_ups", StatusLookup),
)


def old_messages(*, before: datetime) -> QuerySet[Message]:
    """Messages from before a moment that no worker moves any more, by id: that is by time."""
    old = Message.objects.filter(id__lt=first_id_at(before + ID_MAY_BE_OFF), created_at__lt=before)
    return old.exclude(state__in=UNDER_WAY).order_by("id")


def oldest_day(*, before: datetime) -> date | None:
    """The day (UTC) of the oldest such message, None when there is none."""
    first = old_messages(before=before).values_list("created_at", flat=True).first()
    return first.astimezone(UTC).date() if first else None


def messages_of_day(day: date, *, before: datetime) -> QuerySet[Message]:
    """Those of one day (UTC)."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return old_messages(before=before).filter(created_at__gte=start, created_at__lt=start + timedelta(days=1))


def records(messages: QuerySet[Message], *, batch: int) -> Iterator[dict[str, Any]]:
    """Every message as one plain record with what stands beside it, in order of ids."""
    after: uuid.UUID | None = None
    while True:
        rows = list((messages.filter(id__gt=after) if after else messages).values()[:batch])
        if not rows:
            return
        beside = {name: _by_message(model, [row["id"] for row in rows]) for name, model in _BESIDE}
        for row in rows:
            yield row | {name: found.get(row["id"], []) for name, found in beside.items()}
        after = rows[-1]["id"]


def delete(message_ids: Sequence[uuid.UUID]) -> int:
    """Delete these messages with all that hangs on them, unless one is under way; gives how many."""
    with door_open():
        settled = Message.objects.filter(id__in=message_ids).exclude(state__in=UNDER_WAY)
        ids = list(settled.select_for_update().order_by("id").values_list("id", flat=True))
        delete_evidence(MessageEvent, "message", ids)
        forget_links(ids)
        Message.objects.filter(id__in=ids).delete()
    return len(ids)


def in_batches(ids: Iterable[uuid.UUID], size: int) -> Iterator[list[uuid.UUID]]:
    """The ids, so many at a time."""
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some


def _by_message(model: Any, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    found: dict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in model.objects.filter(message_id__in=ids).order_by("pk").values():
        found[row.pop("message_id")].append(row)
    return found
