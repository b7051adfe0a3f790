"""Messages at the head of the queue say that they wait for a provider that does not answer."""

from __future__ import annotations

import time
import uuid

from django.db import transaction
from django.db.models.functions import Now

from messaging import events
from messaging.models import Message
from messaging.states import Reason, State

# So many are told, those that would leave first: a queue of a million must not be written through.
TOLD_AT_MOST = 500
_EVERY_SECONDS = 5.0
_told_at: dict[uuid.UUID, float] = {}


def tell_waiting(credential_id: uuid.UUID) -> None:
    """Write the reason on due messages that do not have it yet, every few seconds at most."""
    now = time.monotonic()
    if now - _told_at.get(credential_id, -_EVERY_SECONDS) < _EVERY_SECONDS:
        return
    _told_at[credential_id] = now
    due = Message.objects.filter(state=State.QUEUED, credential_id=credential_id, due_at__lte=Now())
    first = due.order_by("priority", "due_at", "id").values_list("id", "reason")[:TOLD_AT_MOST]
    untold = [message_id for message_id, reason in first if reason != Reason.PROVIDER_DOWN]
    if untold:
        _tell(untold)


def _tell(message_ids: list[uuid.UUID]) -> None:
    with transaction.atomic():
        queued = Message.objects.filter(id__in=message_ids, state=State.QUEUED).select_for_update(
            skip_locked=True
        )
        ids = list(queued.order_by("id").values_list("id", flat=True))
        Message.objects.filter(id__in=ids).update(reason=Reason.PROVIDER_DOWN)
        events.record(ids, before=State.QUEUED, after=State.QUEUED, reason=Reason.PROVIDER_DOWN)
