"""What staff may do to a message: cancel it, settle an unknown one, take it out of quarantine."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from core.clock import now
from core.vocabulary import Purpose
from messaging import events
from messaging.models import Message, MessagePart
from messaging.states import FINAL, OPEN_PARTS, PartState, Reason, State
from messaging.validity import validity_of
from messaging.wakeups import wake_on_commit


@dataclass(frozen=True)
class Step:
    """A change staff may make: its button, from which state to which, and what else is set.

    `parts`: which of the message's parts change with it, and to what. `asks`: it needs a reason, and a second thought.
    """

    label: str
    before: State
    after: State
    sets: dict[str, Any] = field(default_factory=dict)
    parts: Mapping[PartState, tuple[PartState, ...]] = field(default_factory=dict)
    asks: bool = False


# What the provider has certainly accepted is never sent again, by nobody.
_AGAIN = {PartState.WAITING: OPEN_PARTS}
_TAKEN = (*OPEN_PARTS, PartState.ACCEPTED, PartState.SENT)
STEPS: dict[str, Step] = {
    "cancel": Step("Cancel", State.QUEUED, State.CANCELLED),
    "requeue": Step("Queue again", State.QUARANTINED, State.QUEUED, parts=_AGAIN, asks=True),
    "give_up": Step("Give up", State.QUARANTINED, State.FAILED, asks=True),
    "resend": Step(
        "Send again, may arrive twice",
        State.UNKNOWN,
        State.QUEUED,
        {"possible_duplicate": True},
        _AGAIN,
        asks=True,
    ),
    "mark_accepted": Step(
        "Mark as accepted", State.UNKNOWN, State.ACCEPTED, parts={PartState.ACCEPTED: OPEN_PARTS}, asks=True
    ),
    "mark_delivered": Step(
        "Mark as delivered", State.UNKNOWN, State.DELIVERED, parts={PartState.DELIVERED: _TAKEN}, asks=True
    ),
    "mark_failed": Step("Mark as failed", State.UNKNOWN, State.FAILED, asks=True),
}
# Nobody can say so of a message of which a part was never sent.
_WHOLE_ONLY = (State.ACCEPTED, State.DELIVERED)


def steps_for(message: Message) -> list[tuple[str, str]]:
    """Name and label of each step that the message's state allows."""
    return [(name, step.label) for name, step in STEPS.items() if message.state == step.before]


def take(
    step_name: str, messages: Iterable[Message], *, actor: str, why: str = "", reason: str = Reason.BY_STAFF
) -> int:
    """Apply a step to those messages it still fits; gives how many changed. `why` stands in their history."""
    step = STEPS[step_name]
    with transaction.atomic():
        rows = _fitting(step, [message.id for message in messages])
        for message in rows:
            Message.objects.filter(id=message.id).update(**_values(step, message, now(), reason))
        ids = [message.id for message in rows]
        for after, before in step.parts.items():
            MessagePart.objects.filter(message_id__in=ids, state__in=before).update(state=after)
        detail = f"{step.label}: {why}" if why else step.label
        events.record(ids, before=step.before, after=step.after, reason=reason, detail=detail, actor=actor)
        for credential_id in {message.credential_id for message in rows if step.after == State.QUEUED}:
            wake_on_commit(credential_id)
    return len(rows)


def _fitting(step: Step, ids: list[uuid.UUID]) -> list[Message]:
    """Those the step fits, locked."""
    fitting = Message.objects.filter(id__in=ids, state=step.before)
    if step.after in _WHOLE_ONLY:
        unsent = MessagePart.objects.filter(message_id=OuterRef("id"), state=PartState.WAITING)
        fitting = fitting.exclude(Exists(unsent))
    return list(fitting.select_related("channel").select_for_update(of=("self",)).order_by("id"))


def _values(step: Step, message: Message, moment: datetime, reason: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        **step.sets,
        "state": step.after,
        "reason": reason,
        "claims": 0,
        "lease_token": None,
        "finished_at": moment if step.after in FINAL else None,
    }
    if step.after in _WHOLE_ONLY:
        values["accepted_at"] = message.accepted_at or moment
    if step.after == State.QUEUED:
        valid_until = message.valid_until
        if reason == Reason.BY_STAFF:  # who asks for it now wants it now; a rule gives nothing a longer life
            valid_until = max(valid_until, moment + validity_of(Purpose(message.purpose), message.channel))
        values |= {"due_at": moment, "valid_until": valid_until, "tries": 0}
        # Attempts keep counting on: each has a number of its own.
        values["uncounted_tries"] = message.tries + message.uncounted_tries
    return values
