"""The gate: the last look before the first byte. What passes is `sending`, with its attempt open, committed."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from consent import ledger
from core.bulk import insert_rows, update_rows
from core.clock import database_now
from core.vocabulary import Purpose
from messaging import events
from messaging.claiming import Claim, give_back
from messaging.models import Attempt, ChannelStatus, Message, MessagePart, SendHold, Source
from messaging.states import PartState, Reason, State

SENDING_LEASE = timedelta(seconds=90)


@dataclass(frozen=True)
class Passed:
    """A message that may be sent now: once, by this worker, within 2 s of `passed_at` (monotonic seconds)."""

    message: Message
    token: uuid.UUID
    attempt_id: int
    passed_at: float


@dataclass(frozen=True)
class Verdict:
    """Where the gate sends a message and why."""

    state: State
    reason: str = ""


PASS = Verdict(State.SENDING)


def is_on_hold() -> bool:
    """Whether the kill switch is thrown."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {SendHold._meta.db_table} WHERE released_at IS NULL LIMIT 1")
        return cursor.fetchone() is not None


def pass_gate(claim: Claim) -> list[Passed]:
    """Check every claimed message under lock and commit the verdicts; gives those that may be sent."""
    if not claim.message_ids:
        return []
    if is_on_hold():
        give_back(claim.token, claim.message_ids, reason=Reason.SEND_HOLD)
        return []
    with transaction.atomic():
        messages = _locked(claim)
        states = ledger.states_for(claim.subject_ids)
        moment = messages[0].database_now if messages else database_now()
        verdicts = {
            message.id: verdict_on(message, states.get(message.subject_id, ()), moment)
            for message in messages
        }
        refused = [message for message in messages if verdicts[message.id] is not PASS]
        passed = [message for message in messages if verdicts[message.id] is PASS]
        for message in refused:
            _refuse(message, verdicts[message.id], moment)
        attempts = _open(passed, moment)
    now = time.monotonic()
    return [
        Passed(message=message, token=claim.token, attempt_id=attempt_id, passed_at=now)
        for message, attempt_id in zip(passed, attempts, strict=True)
    ]


def verdict_on(message: Message, states: tuple[ledger.State, ...], moment: datetime) -> Verdict:
    """Pure: what the gate decides about one message, given the recipient's consent states and the time."""
    if message.valid_until <= moment:
        return Verdict(State.EXPIRED, Reason.VALIDITY_OVER)
    channel = message.channel
    if channel is not None and channel.status != ChannelStatus.ACTIVE and message.source != Source.TEST:
        return Verdict(State.QUEUED, Reason.CHANNEL_INACTIVE)
    decision = ledger.decide(
        states,
        sender=message.sender,
        purpose=Purpose(message.purpose),
        require_opt_in=channel is None or channel.require_opt_in,
    )
    return PASS if decision.allowed else Verdict(State.SUPPRESSED, decision.reason)


def may_go_on(passed: Passed) -> bool:
    """Look once more before a further request of the same attempt: still ours, no hold, consent unchanged."""
    message = passed.message
    ours = Message.objects.filter(id=message.id, state=State.SENDING, lease_token=passed.token)
    states = ledger.states_for([message.subject_id]).get(message.subject_id, ())
    return ours.exists() and not is_on_hold() and verdict_on(message, states, database_now()) is PASS


def _locked(claim: Claim) -> list[Any]:
    """Lock subjects first, then messages: the order every consent write keeps, so nobody waits in a circle."""
    ledger.lock_for_sending(claim.subject_ids)
    ours = Message.objects.filter(
        id__in=claim.message_ids, state=State.CLAIMED, lease_token=claim.token, lease_until__gt=Now()
    )
    return list(
        ours.select_related("channel")
        .annotate(database_now=Now())
        .select_for_update(of=("self",))
        .order_by("id")
    )


_WAIT_FOR_CHANNEL = timedelta(seconds=30)


def _refuse(message: Message, verdict: Verdict, moment: datetime) -> None:
    waits = verdict.state == State.QUEUED
    Message.objects.filter(id=message.id).update(
        state=verdict.state,
        reason=verdict.reason,
        due_at=moment + _WAIT_FOR_CHANNEL if waits else message.due_at,
        finished_at=None if waits else moment,
        claims=0,
        lease_token=None,
        lease_until=None,
    )
    events.record([message.id], before=State.CLAIMED, after=verdict.state, reason=verdict.reason, at=moment)


def _open(messages: list[Message], moment: datetime) -> list[int]:
    ids = [message.id for message in messages]
    if not ids:
        return []
    update_rows(
        Message,
        [
            {
                "id": message.id,
                "state": State.SENDING,
                "tries": message.tries + 1,
                "claims": 0,
                "lease_until": moment + SENDING_LEASE,
                "reason": "",
            }
            for message in messages
        ],
    )
    update_rows(
        MessagePart,
        [{"message_id": message_id, "state": PartState.SENDING} for message_id in ids],
        key="message_id",
        where=f"t.state = '{PartState.WAITING}'",
    )
    for message in messages:
        message.state, message.tries = State.SENDING, message.tries + 1
    events.record(ids, before=State.CLAIMED, after=State.SENDING, at=moment)
    return insert_rows(
        Attempt,
        [
            {"message_id": message.id, "number": _attempt_number(message), "started_at": moment}
            for message in messages
        ],
        returning="id",
    )


def _attempt_number(message: Message) -> int:
    # A try that did not count (credential paused) was still an HTTP exchange with a row of its own.
    return message.tries + message.uncounted_tries
