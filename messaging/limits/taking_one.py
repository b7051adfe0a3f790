"""Claiming one certain message under limits: somebody waits for it, so it has its turn kept some seconds ahead."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Final

from django.db import transaction

from messaging import claiming
from messaging.limits.pacing import Load
from messaging.limits.rules import rules_of
from messaging.limits.taking import Batch, Taken, lead_seconds
from messaging.models import Message
from messaging.states import State

# How long a person is made to wait; with a longer queue for a turn the message is not taken.
_PATIENCE_SECONDS: Final = 10.0
_LOOK_AGAIN_SECONDS: Final = 0.1


def claim_one(message_id: uuid.UUID) -> Taken:
    """Take a queued message, shortly before its turn; an empty claim when it is gone or its turn is too far away."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        taken = _try(message_id, until - time.monotonic())
        if taken.claim.message_ids or taken.again_in is None or time.monotonic() >= until:
            return _awaited(taken)
        time.sleep(_LOOK_AGAIN_SECONDS)


def _try(message_id: uuid.UUID, patience: float) -> Taken:
    columns = ("credential_id", "sender", "segments", "part_count")
    row = Message.objects.filter(id=message_id, state=State.QUEUED).values_list(*columns).first()
    rules = rules_of(row[0]) if row else None
    if row is None or not rules:
        return Taken(claiming.claim_one(message_id))
    with transaction.atomic():
        return Batch(row[0], rules).take_one(message_id, Load(*row[1:]), patience=patience)


def _awaited(taken: Taken) -> Taken:
    """Once its turn is near: what has passed the gate must start within two seconds."""
    for turn in taken.turns.values():
        time.sleep(max(turn.start - lead_seconds() - time.monotonic(), 0.0))
    return replace(taken, taken_at=time.monotonic())
