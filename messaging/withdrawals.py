"""Waiting messages follow what was decided elsewhere: staff, API, imports and reviews write consent, not messages.

The gate is what keeps the promise; this makes the lists show it within seconds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from consent import ledger
from consent.models import ConsentEvent, Kind
from consent.rules import OUT
from core.clock import now
from messaging.models import Message
from messaging.states import WAITING, Reason, State
from messaging.suppress import suppress_waiting

_LOOK_BACK = timedelta(minutes=2)
_MOST_AT_ONCE = 500


def follow_decisions() -> int:
    """Suppress what recent withdrawals stop, and let go on what a review freed; gives how many messages changed."""
    return sum(_suppress(subject_id) for subject_id in _waiting_subjects()) + _resume()


def _recent(*kinds: str) -> Any:
    events = ConsentEvent.objects.filter(kind__in=kinds, received_at__gt=now() - _LOOK_BACK)
    return events.values("subject_id")


def _waiting_subjects() -> list[int]:
    waiting = Message.objects.filter(state__in=WAITING, subject_id__in=_recent(*ledger.WITHDRAWALS))
    return list(
        waiting.order_by("subject_id").values_list("subject_id", flat=True).distinct()[:_MOST_AT_ONCE]
    )


def _suppress(subject_id: int) -> int:
    with transaction.atomic():
        ledger.lock_subject(subject_id)
        cells = [cell for cell in ledger.states_for([subject_id])[subject_id] if cell.state == OUT]
        return sum(
            suppress_waiting(subject_id=subject_id, scope=cell.scope, purpose=cell.purpose).count
            for cell in cells
        )


def _resume() -> int:
    paused = Message.objects.filter(state=State.QUEUED, reason=Reason.CONSENT_PAUSED, due_at__gt=now())
    return paused.filter(subject_id__in=_recent(Kind.REVIEW_DECISION)).update(due_at=now())
