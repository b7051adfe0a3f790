"""What staff may do to a message: cancel it, take it out of quarantine. Each change is a compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from core.clock import now
from messaging import events
from messaging.models import Message
from messaging.states import State
from messaging.wakeups import wake_on_commit


@dataclass(frozen=True)
class Step:
    """A change staff may make: from which states, to which, and the reason kept."""

    label: str
    before: tuple[State, ...]
    after: State


STEPS: dict[str, Step] = {
    "cancel": Step("Cancel", (State.QUEUED,), State.CANCELLED),
    "requeue": Step("Queue again", (State.QUARANTINED,), State.QUEUED),
    "give_up": Step("Give up", (State.QUARANTINED,), State.FAILED),
}


def steps_for(message: Message) -> list[tuple[str, str]]:
    """Name and label of each step that the message's state allows."""
    return [(name, step.label) for name, step in STEPS.items() if message.state in step.before]


def take(step_name: str, messages: Iterable[Message], *, actor: str) -> int:
    """Apply a step to those messages it still fits; gives how many changed."""
    step = STEPS[step_name]
    ids = [message.id for message in messages]
    changed = 0
    with transaction.atomic():
        for before in step.before:
            fitting = Message.objects.filter(id__in=ids, state=before).select_for_update()
            rows = list(fitting.order_by("id").values_list("id", "credential_id"))
            Message.objects.filter(id__in=[row[0] for row in rows]).update(
                state=step.after, reason="by_staff", claims=0, finished_at=_finished(step)
            )
            events.record(
                [row[0] for row in rows], before=before, after=step.after, reason="by_staff", actor=actor
            )
            for credential_id in {row[1] for row in rows} if step.after == State.QUEUED else ():
                wake_on_commit(credential_id)
            changed += len(rows)
    return changed


def _finished(step: Step) -> object:
    return None if step.after == State.QUEUED else now()
