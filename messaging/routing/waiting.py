"""Messages that wait for a credential which carries nothing just now move on, where another route fits them."""

from __future__ import annotations

import uuid

from django.db import transaction

from core.bulk import insert_rows
from core.clock import database_now
from credentials.models import ApiCredential
from messaging.models import Message, MessageEvent, MessagePart, Route, Source
from messaging.releasing import HOLDING
from messaging.routing.choosing import sender_for
from messaging.routing.failover import healthy_route
from messaging.routing.health import resting_credentials
from messaging.routing.moving import Move, carry_out
from messaging.routing.table import routes_of
from messaging.states import PartState, Reason, State

BATCH = 500
_BATCHES_A_ROUND = 20
# Where this process goes on looking: messages that no other route fits are not looked at again and again.
_looked_at: dict[uuid.UUID, uuid.UUID] = {}


def move_waiting() -> int:
    """One round, for every unwell credential that carries a route; gives how many messages moved."""
    return sum(_move_from(credential_id) for credential_id in _unwell_with_routes())


def _unwell_with_routes() -> list[uuid.UUID]:
    routed = Route.objects.filter(active=True)
    paused = ApiCredential.objects.filter(paused_at__isnull=False, id__in=routed.values("credential_id"))
    opened = ApiCredential.objects.filter(id__in=list(resting_credentials()), routes__active=True)
    return sorted({*paused.values_list("id", flat=True), *opened.values_list("id", flat=True)})


def _move_from(credential_id: uuid.UUID) -> int:
    moved = 0
    for _ in range(_BATCHES_A_ROUND):
        with transaction.atomic():
            messages = _next_batch(credential_id)
            moved += _move(messages)
        if len(messages) < BATCH:
            _looked_at.pop(credential_id, None)
            break
        _looked_at[credential_id] = messages[-1].id
    return moved


def _next_batch(credential_id: uuid.UUID) -> list[Message]:
    waiting = Message.objects.filter(state=State.QUEUED, credential_id=credential_id).exclude(route="")
    if credential_id in _looked_at:
        waiting = waiting.filter(id__gt=_looked_at[credential_id])
    locked = waiting.exclude(source=Source.TEST).select_for_update(of=("self",), skip_locked=True)
    return list(locked.select_related("channel").order_by("id")[:BATCH])


def _move(messages: list[Message]) -> int:
    moves = []
    begun = _begun([message.id for message in messages if message.part_count > 1])
    for message in messages:
        if message.channel_id is None or message.id in begun:
            continue
        route = healthy_route(message, routes_of(message.channel_id))
        if route is not None:
            moves.append(Move(message, route, sender_for(route.senders, message.msisdn)))
    if not moves:
        return 0
    carry_out(moves)
    moment = database_now()
    moved = Message.objects.filter(id__in=[move.message.id for move in moves])
    # What quiet hours or a cap hold leaves at their time by the other way, too.
    moved.exclude(reason__in=HOLDING).update(due_at=moment, reason=Reason.REROUTED, detail="")
    insert_rows(MessageEvent, [_event(move, moment) for move in moves])
    return len(moves)


def _begun(message_ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """Messages of which the provider has a part, or may have one."""
    if not message_ids:
        return set()
    parts = MessagePart.objects.filter(message_id__in=message_ids).exclude(state=PartState.WAITING)
    return set(parts.values_list("message_id", flat=True))


def _event(move: Move, moment: object) -> dict[str, object]:
    return {
        "message_id": move.message.id,
        "at": moment,
        "before": State.QUEUED,
        "after": State.QUEUED,
        "reason": Reason.REROUTED,
        "detail": move.words,
    }
