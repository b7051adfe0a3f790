"""A channel's quiet hours or cap have changed: what they hold already is looked at again, not at its old time.

The gate decides, as always. What is still too early waits anew, and lives no longer for having waited twice.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, QuerySet, Value

from core.clock import now
from credentials.models import ApiCredential
from messaging.models import Message
from messaging.states import Priority, Reason, State
from messaging.wakeups import wake_on_commit

CHUNK: Final = 2_000
BUDGET_SECONDS: Final = 5.0
HOLDING: Final = (Reason.QUIET_HOURS, Reason.FREQUENCY_CAP)
# What is never held has no place in the search.
_PRIORITIES: Final = (Priority.TRANSACTIONAL, Priority.MARKETING)
FIELDS: Final = frozenset(
    {"quiet_from", "quiet_until", "quiet_days", "quiet_whole_days", "quiet_for_all", "cap_count", "cap_window",
     "cap_scope", "cap_drops"}
)  # fmt: skip


@dataclass(frozen=True)
class Released:
    """How many are looked at again, and whether that was all of them."""

    count: int
    is_all: bool


def release_held(*, channel_id: uuid.UUID, budget: float = BUDGET_SECONDS) -> Released:
    """Make due what a channel's times hold, in chunks, each committed; call it after the change is committed."""
    deadline, count = time.monotonic() + budget, 0
    for credential_id in ApiCredential.objects.values_list("pk", flat=True):
        for priority in _PRIORITIES:
            while done := _release_some(_held(credential_id, priority, channel_id)):
                count += done
                if time.monotonic() >= deadline:
                    return Released(count, is_all=False)
                with transaction.atomic():
                    wake_on_commit(credential_id)
    return Released(count, is_all=True)


def _held(credential_id: uuid.UUID, priority: Priority, channel_id: uuid.UUID) -> QuerySet[Message]:
    """By the index of the queue: a channel may have sent millions, and few of them wait."""
    later = Message.objects.filter(credential_id=credential_id, priority=priority, state=State.QUEUED)
    held = later.filter(due_at__gt=now(), channel_id=channel_id, reason__in=HOLDING)
    return held.order_by("due_at", "id")


def _release_some(held: QuerySet[Message]) -> int:
    moment = now()
    ids = list(held.values_list("id", flat=True)[:CHUNK])
    waiting = Message.objects.filter(id__in=ids, state=State.QUEUED, due_at__gt=moment)
    quiet = waiting.filter(reason=Reason.QUIET_HOURS)
    # The rest of the quiet time was added to its validity when it was held; the gate adds what is left of it now.
    return quiet.update(valid_until=F("valid_until") - _rest(moment), due_at=moment) + waiting.update(
        due_at=moment
    )


def _rest(moment: datetime) -> Any:
    until = F("due_at") - Value(moment, output_field=DateTimeField())
    return ExpressionWrapper(until, output_field=DurationField())
