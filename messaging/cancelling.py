"""Taking one message out of the queue for the application that submitted it."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from core.clock import now
from core.errors import MessageGone, MessageUnknown
from messaging import events
from messaging.models import Message, MessagePart
from messaging.states import FINAL, WAITING, PartState, Reason, State


def cancel(*, message_id: uuid.UUID, actor: str) -> None:
    """Cancel a message that still waits; MessageUnknown, or MessageGone when it is on its way or done.

    The row is locked, so of a cancellation and a gate (which compares state and lease) exactly one has it.
    """
    with transaction.atomic():
        locked = Message.objects.select_for_update().filter(id=message_id)
        state = locked.values_list("state", flat=True).first()
        if state is None:
            raise MessageUnknown(f"There is no message {message_id}. Use the id that the send call returned.")
        if state not in WAITING:
            raise MessageGone(_why_not(State(state)))
        moment = now()
        Message.objects.filter(id=message_id).update(
            state=State.CANCELLED,
            reason=Reason.BY_APPLICATION,
            finished_at=moment,
            lease_token=None,
            lease_until=None,
        )
        events.record(
            [message_id],
            before=state,
            after=State.CANCELLED,
            reason=Reason.BY_APPLICATION,
            actor=actor,
            at=moment,
        )


def cancel_untried(message_ids: Collection[uuid.UUID], *, reason: str, actor: str) -> list[uuid.UUID]:
    """Cancel those of the messages that wait and were never tried; gives which.

    Rows that a worker holds right now are left to it.
    """
    waiting = untried().filter(id__in=message_ids, state__in=WAITING)
    with transaction.atomic():
        locked = waiting.select_for_update(skip_locked=True).order_by("id").values_list("id", "state")
        state_of: dict[uuid.UUID, str] = dict(locked)
        moment = now()
        Message.objects.filter(id__in=state_of).update(
            state=State.CANCELLED, reason=reason, finished_at=moment, lease_token=None, lease_until=None
        )
        for before in WAITING:
            ids = [message_id for message_id, state in state_of.items() if state == before]
            events.record(ids, before=before, after=State.CANCELLED, reason=reason, actor=actor, at=moment)
    return list(state_of)


def untried() -> QuerySet[Message]:
    """Messages of which the provider has nothing, nor ever may have had."""
    begun = MessagePart.objects.filter(message_id=OuterRef("id")).exclude(state=PartState.WAITING)
    return Message.objects.filter(~Exists(begun), tries=0, possible_duplicate=False)


def _why_not(state: State) -> str:
    where = "is final" if state in FINAL else "may be on its way already"
    return f"The message is {state.value}, which {where}: only queued and claimed messages can be cancelled."
