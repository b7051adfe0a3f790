"""Hand-over from keywords to upper floors: rows are written here, campaigns takes and finishes them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db.models import F, Q

from core.clock import now
from webhooks.models import CustomKeyword, InboundMessage, KeywordOutbox, OutboxKind, OutboxState

MOST_TRIES: Final = 8
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_MEMBERSHIP: Final = (OutboxKind.ADD, OutboxKind.REMOVE)


def enqueue(*, message: InboundMessage, category: str, kind: str, target: str) -> None:
    """Write what is to be done, in the message's own transaction; once for a message and a kind."""
    row = KeywordOutbox(message=message, category=category, kind=kind, target=target)
    KeywordOutbox.objects.bulk_create([row], ignore_conflicts=True)


def due(most: int) -> list[uuid.UUID]:
    """What waits and is due, in the order in which it came."""
    rows = KeywordOutbox.objects.filter(state=OutboxState.WAITING, due_at__lte=now())
    return list(rows.order_by("due_at", "id").values_list("pk", flat=True)[:most])


def locked(row_id: uuid.UUID) -> KeywordOutbox | None:
    """The row, owned until the transaction ends; None when somebody else has it or it is done."""
    waiting = KeywordOutbox.objects.filter(pk=row_id, state=OutboxState.WAITING)
    return waiting.select_related("message").select_for_update(skip_locked=True, of=("self",)).first()


def finish(row: KeywordOutbox, note: str) -> None:
    """Done, in the transaction that did it."""
    _set(row.pk, state=OutboxState.DONE, note=note)


def fail(row_id: uuid.UUID, note: str, *, again: bool) -> None:
    """Not done: tried again after a while if that may help, else left to staff."""
    tries = KeywordOutbox.objects.filter(pk=row_id).values_list("tries", flat=True).first() or 0
    if again and tries + 1 < MOST_TRIES:
        _set(row_id, due_at=now() + _pause_after(tries + 1), note=note)
    else:
        _set(row_id, state=OutboxState.FAILED, note=note)


def retry(*, row_ids: Collection[uuid.UUID]) -> int:
    """Have failed ones tried again, within seconds and with all their tries; gives how many.

    What the keyword names now counts: a name that was wrong may have been put right.
    """
    failed = KeywordOutbox.objects.filter(pk__in=row_ids, state=OutboxState.FAILED)
    for row in failed.select_related("message"):
        webhook = row.message.webhook_id
        named = CustomKeyword.objects.filter(webhook_id=webhook) if webhook else CustomKeyword.objects.none()
        target = named.filter(name=row.category, action=row.kind).values_list("target", flat=True).first()
        KeywordOutbox.objects.filter(pk=row.pk).update(target=target or row.target)
    return failed.update(state=OutboxState.WAITING, tries=0, due_at=now(), note="")


def is_overtaken(row: KeywordOutbox) -> bool:
    """Whether a later message of the same person already joined or left the same audience: the last word counts."""
    if row.kind not in _MEMBERSHIP:
        return False
    later = Q(message__received_at__gt=row.message.received_at)
    decided = KeywordOutbox.objects.filter(
        later,
        message__msisdn=row.message.msisdn,
        kind__in=_MEMBERSHIP,
        target=row.target,
        state=OutboxState.DONE,
    )
    return decided.exists()


def _set(row_id: uuid.UUID, **values: object) -> None:
    """Only what still waits: a row that is done stays done."""
    if isinstance(note := values.get("note"), str):
        values["note"] = note[:300]
    KeywordOutbox.objects.filter(pk=row_id, state=OutboxState.WAITING).update(tries=F("tries") + 1, **values)


def _pause_after(tries: int) -> timedelta:
    """30 s, 1 min, 2 min … at most an hour."""
    grown: timedelta = _FIRST_PAUSE * 2 ** (tries - 1)
    return min(grown, _LONGEST_PAUSE)
