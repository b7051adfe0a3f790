"""The sweeper: every state that could be left behind has a way out by time. Runs in every worker; twice is harmless."""

from __future__ import annotations

import time
import uuid

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from core.clock import now
from messaging import events, reports, unknowns
from messaging.models import Attempt, Message, MessagePart
from messaging.states import PartState, Reason, State

BATCH = 500
_LONGEST_SECONDS = 4.0
QUARANTINE_AFTER_CLAIMS = 3


def sweep() -> dict[str, int]:
    """One round; gives how many messages took each way out."""
    return {
        "unknown": _lost_while_sending(),
        "quarantined": _claimed_too_often(),
        "queued": _lost_while_claimed(),
        "expired": _past_validity(),
        "settled": unknowns.follow_rules(),
        "reports": _parked_reports(),
    }


def _lost_while_sending() -> int:
    """A worker stopped between the gate and its result: the provider may have it, so it is never sent again blindly."""
    with transaction.atomic():
        ids = _locked(Message.objects.filter(state=State.SENDING, lease_until__lt=Now()), by="lease_until")
        _leave(ids, before=State.SENDING, after=State.UNKNOWN, reason=Reason.WORKER_LOST)
        MessagePart.objects.filter(message_id__in=ids, state=PartState.SENDING).update(
            state=PartState.UNKNOWN
        )
        Attempt.objects.filter(message_id__in=ids, outcome="").update(
            outcome="unknown", code=Reason.WORKER_LOST
        )
    return len(ids)


def _claimed_too_often() -> int:
    stuck = Message.objects.filter(
        state=State.CLAIMED, lease_until__lt=Now(), claims__gte=QUARANTINE_AFTER_CLAIMS
    )
    with transaction.atomic():
        ids = _locked(stuck, by="lease_until")
        _leave(ids, before=State.CLAIMED, after=State.QUARANTINED, reason=Reason.CLAIMED_TOO_OFTEN)
    return len(ids)


def _lost_while_claimed() -> int:
    with transaction.atomic():
        ids = _locked(Message.objects.filter(state=State.CLAIMED, lease_until__lt=Now()), by="lease_until")
        _leave(ids, before=State.CLAIMED, after=State.QUEUED, reason=Reason.LEASE_OVER)
    return len(ids)


def _past_validity() -> int:
    """Batch by batch for some seconds: a long queue may end at once."""
    until, expired = time.monotonic() + _LONGEST_SECONDS, 0
    while True:
        batch = _expire_batch()
        expired += batch
        if batch < BATCH or time.monotonic() > until:
            return expired


def _expire_batch() -> int:
    with transaction.atomic():
        ids = _locked(Message.objects.filter(state=State.QUEUED, valid_until__lt=Now()), by="valid_until")
        _leave(ids, before=State.QUEUED, after=State.EXPIRED, reason=Reason.VALIDITY_OVER)
        Message.objects.filter(id__in=ids).update(finished_at=Now())
    return len(ids)


def _parked_reports() -> int:
    reports.forget_parked(older_than=now() - reports.PARKED_FOR)
    return reports.match_all_parked(BATCH)


def _locked(messages: QuerySet[Message], *, by: str) -> list[uuid.UUID]:
    """Ids of some, locked, in the order of the index that knows them.

    By id the planner would walk all messages there ever were: most are past their validity, but not in the queue.
    What somebody else has locked is skipped, so the order cannot deadlock.
    """
    locked = messages.select_for_update(skip_locked=True)
    return list(locked.order_by(by).values_list("id", flat=True)[:BATCH])


def _leave(ids: list[uuid.UUID], *, before: State, after: State, reason: str) -> None:
    left = Message.objects.filter(id__in=ids, state=before)
    if after == State.UNKNOWN:
        # The token stays: a late answer settles it. Rules, look-ups and caps read `due_at` as when it was lost.
        left.update(state=after, reason=reason, lease_until=None, due_at=Now())
    else:
        left.update(state=after, reason=reason, lease_token=None, lease_until=None)
    events.record(ids, before=before, after=after, reason=reason)
