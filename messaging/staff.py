"""What staff may do to a message: cancel it, settle an unknown one, take it out of quarantine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from core.clock import now
from core.vocabulary import Purpose
from messaging import events
from messaging.models import Message, MessagePart
from messaging.states import OPEN_PARTS, PartState, Reason, State
from messaging.validity import validity_of
from messaging.wakeups import wake_on_commit


@dataclass(frozen=True)
class Step:
    """A change staff may make: its button, from which state to which, and what else is set."""

    label: str
    before: State
    after: State
    sets: dict[str, Any] = field(default_factory=dict)


STEPS: dict[str, Step] = {
    "cancel": Step("Cancel", State.QUEUED, State.CANCELLED),
    "requeue": Step("Queue again", State.QUARANTINED, State.QUEUED),
    "give_up": Step("Give up", State.QUARANTINED, State.FAILED),
    "resend": Step("Send again, may arrive twice", State.UNKNOWN, State.QUEUED, {"possible_duplicate": True}),
    "mark_failed": Step("Mark as failed", State.UNKNOWN, State.FAILED),
}


def steps_for(message: Message) -> list[tuple[str, str]]:
    """Name and label of each step that the message's state allows."""
    return [(name, step.label) for name, step in STEPS.items() if message.state == step.before]


def take(step_name: str, messages: Iterable[Message], *, actor: str) -> int:
    """Apply a step to those messages it still fits; gives how many changed."""
    step = STEPS[step_name]
    with transaction.atomic():
        fitting = Message.objects.filter(id__in=[message.id for message in messages], state=step.before)
        rows = list(fitting.select_related("channel").select_for_update(of=("self",)).order_by("id"))
        for message in rows:
            Message.objects.filter(id=message.id).update(**_values(step, message, now()))
        ids = [message.id for message in rows]
        if step.after == State.QUEUED:
            # What the provider has certainly accepted is never sent again, by nobody.
            open_parts = MessagePart.objects.filter(message_id__in=ids, state__in=OPEN_PARTS)
            open_parts.update(state=PartState.WAITING)
        events.record(
            ids, before=step.before, after=step.after, reason=Reason.BY_STAFF, detail=step.label, actor=actor
        )
        for credential_id in {message.credential_id for message in rows if step.after == State.QUEUED}:
            wake_on_commit(credential_id)
    return len(rows)


def _values(step: Step, message: Message, moment: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        **step.sets,
        "state": step.after,
        "reason": Reason.BY_STAFF,
        "claims": 0,
        "lease_token": None,
        "finished_at": moment,
    }
    if step.after == State.QUEUED:
        valid_until = max(
            message.valid_until, moment + validity_of(Purpose(message.purpose), message.channel)
        )
        values |= {"finished_at": None, "due_at": moment, "valid_until": valid_until, "tries": 0}
        # Attempts keep counting on: each has a number of its own.
        values["uncounted_tries"] = message.tries + message.uncounted_tries
    return values
