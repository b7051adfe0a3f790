"""The gate: the last look before the first byte. What passes is `sending`, with its attempt open, committed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from consent import ledger
from core import prepared
from core.bulk import insert_rows, update_rows
from core.clock import database_now
from core.vocabulary import Purpose
from messaging import events, hosts, pacing
from messaging.claiming import Claim, claim_taken, give_back
from messaging.limits.turns import NO_TURN, Turn
from messaging.models import Attempt, ChannelStatus, Message, MessagePart, SendHold, Source
from messaging.states import PartState, Reason, State
from messaging.verdicts import PASS, Verdict, refuse

SENDING_LEASE = timedelta(seconds=settings.SMSGATEWAY_SENDING_LEASE_SECONDS)


@dataclass(frozen=True)
class Passed:
    """A message that may be sent now: once, by this worker, within 2 s of `passed_at` (monotonic seconds).

    `held_at` is when the gate looked at the kill switch (monotonic seconds). `waiting` are the numbers of its parts
    that the provider has not certainly accepted, in order; the attempt of the first is open. `texts` are those of all
    parts, () for a message of one part. `turn` is when it may start under a rate limit.
    """

    message: Message
    token: uuid.UUID
    attempt_id: int
    passed_at: float
    held_at: float
    waiting: tuple[int, ...] = (1,)
    texts: tuple[str, ...] = ()
    turn: Turn = NO_TURN


@dataclass(frozen=True)
class _Parts:
    """What the gate needs of a message's parts."""

    waiting: tuple[int, ...] = (1,)
    texts: tuple[str, ...] = ()


_ONE = _Parts()
_HELD = f"SELECT 1 FROM {SendHold._meta.db_table} WHERE released_at IS NULL LIMIT 1"


def is_on_hold() -> bool:
    """Whether the kill switch is thrown."""
    rows, _ = prepared.execute(_HELD, ())
    return bool(rows)


def pass_gate(claim: Claim) -> list[Passed]:
    """Check every claimed message under lock and commit the verdicts; gives those that may be sent."""
    if not claim.message_ids:
        return []
    with transaction.atomic():
        messages = _locked(claim)
        # Looked at under the locks: waiting for them may take longer than what was seen before stays true.
        held_at = time.monotonic()
        if stopped := stopped_by():
            give_back(claim.token, claim.message_ids, reason=stopped)
            return []
        opened = judge(messages, claim.token)
    return passed_now(opened, claim.token, held_at)


Opened = list[tuple[Any, int, _Parts]]


def judge(messages: Sequence[Any], token: uuid.UUID) -> Opened:
    """Decide about messages that are locked like their subjects; gives those opened for sending, with their attempts.

    They carry `database_now`. Call it in the transaction that locked them.
    """
    states = ledger.standing_for({message.subject_id for message in messages})
    moment = messages[0].database_now if messages else database_now()
    verdicts = {
        message.id: verdict_on(message, states.get(message.subject_id, ()), moment) for message in messages
    }
    passing = [message for message in messages if verdicts[message.id] is PASS]
    verdicts |= pacing.held_back(passing, moment)
    refused = [message for message in messages if verdicts[message.id] is not PASS]
    parts = _parts_of([message for message in messages if verdicts[message.id] is PASS])
    # Nothing left to send is no state a message can wait in: such a one ends in quarantine, before staff.
    passed = [message for message in messages if message.id in parts and parts[message.id].waiting]
    claim_taken([one for one in messages if one.id not in parts or not parts[one.id].waiting], token)
    refuse(refused, verdicts, moment)
    attempts = _open(passed, parts, token, moment)
    return [(message, attempt, parts[message.id]) for message, attempt in zip(passed, attempts, strict=True)]


def passed_now(opened: Opened, token: uuid.UUID, held_at: float) -> list[Passed]:
    """What `judge` opened, once that is committed."""
    now = time.monotonic()
    return [
        Passed(
            message=message,
            token=token,
            attempt_id=attempt_id,
            passed_at=now,
            held_at=held_at,
            waiting=parts.waiting,
            texts=parts.texts,
        )
        for message, attempt_id, parts in opened
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
    if decision.reason == Reason.CONSENT_PAUSED:
        return Verdict(State.QUEUED, Reason.CONSENT_PAUSED)
    return PASS if decision.allowed else Verdict(State.SUPPRESSED, decision.reason)


def stopped_by() -> str:
    """What keeps every message back, "" for nothing."""
    if is_on_hold():
        return Reason.SEND_HOLD
    return Reason.SPOOL_WAITS if hosts.must_wait() else ""


def may_go_on(passed: Passed) -> bool:
    """Look once more before a further request of the same attempt: still ours, no hold, consent unchanged."""
    message = passed.message
    ours = Message.objects.filter(id=message.id, state=State.SENDING, lease_token=passed.token)
    states = ledger.standing_for([message.subject_id]).get(message.subject_id, ())
    return ours.exists() and not stopped_by() and verdict_on(message, states, database_now()) is PASS


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


def _parts_of(messages: list[Message]) -> dict[uuid.UUID, _Parts]:
    """What is left to send of each message; a message of one part costs no look."""
    several = [message.id for message in messages if message.part_count > 1]
    rows: dict[uuid.UUID, list[MessagePart]] = {message_id: [] for message_id in several}
    for part in MessagePart.objects.filter(message_id__in=several).order_by("number") if several else ():
        rows[part.message_id].append(part)
    found = {
        message_id: _Parts(
            waiting=tuple(part.number for part in parts if part.state == PartState.WAITING),
            texts=tuple(part.text for part in parts),
        )
        for message_id, parts in rows.items()
    }
    return {message.id: found.get(message.id, _ONE) for message in messages}


def _open(
    messages: list[Message], parts: dict[uuid.UUID, _Parts], token: uuid.UUID, moment: datetime
) -> list[int]:
    ids = [message.id for message in messages]
    if not ids:
        return []
    ours = {
        "state": State.SENDING, "claims": 0, "lease_token": token, "lease_until": moment + SENDING_LEASE, "reason": "",
    }  # fmt: skip
    update_rows(Message, [{"id": message.id, "tries": message.tries + 1, **ours} for message in messages])
    update_rows(
        MessagePart,
        [
            {"message_id": message_id, "number": parts[message_id].waiting[0], "state": PartState.SENDING}
            for message_id in ids
        ],
        key=("message_id", "number"),
        where=f"t.state = '{PartState.WAITING}'",
    )
    for before in (State.QUEUED, State.CLAIMED):
        events.record(
            [message.id for message in messages if message.state == before],
            before=before,
            after=State.SENDING,
            at=moment,
        )
    for message in messages:
        message.state, message.tries = State.SENDING, message.tries + 1
    return insert_rows(
        Attempt,
        [
            {
                "message_id": message.id,
                "part": parts[message.id].waiting[0],
                "number": attempt_number(message),
                "started_at": moment,
            }
            for message in messages
        ],
        returning="id",
    )


def attempt_number(message: Message) -> int:
    """Number of the attempt that passed; a try that did not count was still an exchange with a row of its own."""
    return message.tries + message.uncounted_tries
