"""What the gate decides about a message, and writing down what it does not let through."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.bulk import insert_rows, update_rows
from messaging.models import Message, MessageEvent
from messaging.states import Reason, State


@dataclass(frozen=True)
class Verdict:
    """Where the gate sends a message and why; a message that waits may have a time of its own, and a later end."""

    state: State
    reason: str = ""
    due_at: datetime | None = None
    valid_until: datetime | None = None


PASS = Verdict(State.SENDING)

# How long a message waits that is not let through yet; a decided review lets it go on sooner.
_WAITS: dict[str, timedelta] = {
    Reason.CHANNEL_INACTIVE: timedelta(seconds=30),
    Reason.CONSENT_PAUSED: timedelta(minutes=5),
}


def refuse(messages: Sequence[Message], verdicts: Mapping[uuid.UUID, Verdict], moment: datetime) -> None:
    """Write the verdicts on claimed messages that do not pass: two statements, however many there are."""
    update_rows(Message, [_row(message, verdicts[message.id], moment) for message in messages])
    insert_rows(
        MessageEvent,
        [
            {
                "message_id": message.id,
                "at": moment,
                "before": State.CLAIMED,
                "after": verdicts[message.id].state,
                "reason": verdicts[message.id].reason,
            }
            for message in messages
        ],
    )


def _row(message: Message, verdict: Verdict, moment: datetime) -> dict[str, object]:
    waits = verdict.state == State.QUEUED
    later = verdict.due_at or moment + _WAITS.get(verdict.reason, timedelta())
    return {
        "id": message.id,
        "state": verdict.state,
        "reason": verdict.reason,
        "due_at": later if waits else message.due_at,
        "valid_until": verdict.valid_until or message.valid_until,
        "finished_at": None if waits else moment,
        "claims": 0,
        "lease_token": None,
        "lease_until": None,
    }
