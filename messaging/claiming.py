"""Taking due messages from the queue under a lease, and giving them back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from core.bulk import update_rows
from messaging import events, ordering
from messaging.models import Message
from messaging.selectors import ON_OPEN_CHANNEL
from messaging.states import Reason, State

CLAIM_LEASE = timedelta(seconds=settings.SMSGATEWAY_CLAIM_LEASE_SECONDS)


@dataclass(frozen=True)
class Claim:
    """Messages that belong to this worker until the lease ends by the database's clock."""

    token: uuid.UUID
    message_ids: tuple[uuid.UUID, ...]
    subject_ids: tuple[int, ...]


def due_messages(
    credential_id: Any,
    *,
    channels: frozenset[uuid.UUID] | None = None,
    without_senders: Collection[str] = (),
) -> QuerySet[Message]:
    """Messages of a credential that may leave now, in the order they leave.

    `channels` keep an order for each recipient; None: those that do now.
    """
    due = Message.objects.filter(
        state=State.QUEUED,
        credential_id=credential_id,
        credential__paused_at__isnull=True,
        due_at__lte=Now(),
    ).filter(ON_OPEN_CHANNEL)
    if without_senders:
        due = due.exclude(sender__in=without_senders)
    channels = ordering.ordered_channels() if channels is None else channels
    return ordering.in_order(due, channels).order_by("priority", "due_at", "id")


def claim(*, credential_id: uuid.UUID, limit: int, without_senders: Collection[str] = ()) -> Claim:
    """Take up to `limit` due messages of one credential; other workers skip them (SKIP LOCKED) or wait (SQLite)."""
    due = due_messages(credential_id, without_senders=without_senders)
    with transaction.atomic():
        return _take(due.select_for_update(skip_locked=True, of=("self",))[:limit])


def claim_one(message_id: uuid.UUID) -> Claim:
    """Take one message whatever its due time; an empty claim when somebody else has it."""
    queued = Message.objects.filter(id=message_id, state=State.QUEUED)
    with transaction.atomic():
        return _take(queued.select_for_update(skip_locked=True))


def _take(messages: QuerySet[Message]) -> Claim:
    rows = list(messages.values_list("id", "subject_id", "claims", Now()))
    token = uuid.uuid4()
    _write(rows, token)
    return Claim(
        token=token, message_ids=tuple(row[0] for row in rows), subject_ids=tuple({row[1] for row in rows})
    )


def _write(rows: Sequence[tuple[uuid.UUID, int, int, datetime]], token: uuid.UUID) -> None:
    update_rows(
        Message,
        [
            {
                "id": message_id,
                "state": State.CLAIMED,
                "lease_token": token,
                "lease_until": moment + CLAIM_LEASE,
                "claims": claims + 1,
            }
            for message_id, _, claims, moment in rows
        ],
    )
    events.record(
        [row[0] for row in rows], before=State.QUEUED, after=State.CLAIMED, at=rows[0][3] if rows else None
    )


def claim_taken(messages: Sequence[Any], token: uuid.UUID) -> None:
    """Claim those of the messages that are still queued; locked by the caller, they carry `database_now`."""
    _write(
        [
            (message.id, message.subject_id, message.claims, message.database_now)
            for message in messages
            if message.state == State.QUEUED
        ],
        token,
    )


def give_back(
    token: uuid.UUID, message_ids: Collection[uuid.UUID], *, reason: str = Reason.GIVEN_BACK
) -> None:
    """Put claimed messages that were not sent back into the queue."""
    with transaction.atomic():
        ours = Message.objects.filter(id__in=message_ids, state=State.CLAIMED, lease_token=token)
        ids = list(ours.select_for_update().order_by("id").values_list("id", flat=True))
        Message.objects.filter(id__in=ids).update(
            state=State.QUEUED, lease_token=None, lease_until=None, claims=F("claims") - 1
        )
        events.record(ids, before=State.CLAIMED, after=State.QUEUED, reason=reason)
