"""Claim and gate in one transaction: the short way of a due message onto the wire (docs/adr/0029).

Nobody else sees a message between the two, so it goes from `queued` to `sending` at once. Its row is locked before its
subject here, the other way round than everywhere else; so a subject that a consent write holds is never waited for: the
message stays in the queue, and the next look comes after that write.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, UUIDField
from django.db.models.functions import Now

from consent import ledger
from core import prepared
from core.compiled import LIMIT, Compiled, Slot
from messaging import claiming, gate, limits, ordering
from messaging.gate import Passed
from messaging.limits.rules import rules_of
from messaging.models import ChannelConfiguration, Message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """What may be sent now, under `token`; `found` due messages were looked at for it.

    `again_in`: under limits more may start in so many seconds.
    """

    token: uuid.UUID
    passed: list[Passed]
    found: int
    again_in: float | None = None


def take(*, credential_id: uuid.UUID, limit: int) -> Taken:
    """Take up to `limit` due messages of one credential through the gate, committed.

    Under limits they are claimed first: the locks that all workers meet at are not held while the gate looks.

    Should one of them make that fail, they are claimed first: what fails after a claim three times is set aside.
    """
    if rules_of(credential_id):
        return _take_in_turn(credential_id, limit)
    try:
        return _take(credential_id, limit)
    except Exception:
        logger.exception("The short way is closed for credential %s, taking the long one", credential_id)
    claim = claiming.claim(credential_id=credential_id, limit=limit)
    return Taken(claim.token, gate.pass_gate(claim), len(claim.message_ids))


def take_one(message_id: uuid.UUID) -> list[Passed]:
    """Take one queued message through the gate, whatever its due time; waits for its turn, some seconds at most."""
    taken = limits.claim_one(message_id)
    return taken.in_turn(gate.pass_gate(taken.claim))


def _take_in_turn(credential_id: uuid.UUID, limit: int) -> Taken:
    taken = limits.claim(credential_id=credential_id, limit=limit)
    claim = taken.claim
    return Taken(claim.token, taken.in_turn(gate.pass_gate(claim)), len(claim.message_ids), taken.again_in)


def _take(credential_id: uuid.UUID, limit: int) -> Taken:
    token = uuid.uuid4()
    with transaction.atomic():
        due = _locked(credential_id, limit)
        if not due:
            return Taken(token, [], 0)
        free = ledger.try_lock_for_sending({message.subject_id for message in due})
        messages = [message for message in due if message.subject_id in free]
        held_at = time.monotonic()
        if not messages or gate.stopped_by():
            return Taken(token, [], 0 if messages else len(due))
        opened = gate.judge(messages, token)
    return Taken(token, gate.passed_now(opened, token, held_at), len(due))


def _due(channels: frozenset[uuid.UUID]) -> QuerySet[Message]:
    due = claiming.due_messages(Slot("credential", UUIDField()), channels=channels)
    return due.annotate(database_now=Now()).select_for_update(skip_locked=True, of=("self",), no_key=True)[
        :LIMIT
    ]


_DUE = Compiled(_due)
_CHANNELS = Compiled(
    lambda: ChannelConfiguration.objects.filter(id__any_of=Slot("ids", UUIDField())).order_by()
)


def _locked(credential_id: uuid.UUID, limit: int) -> list[Any]:
    prepared.walk_indexes()
    messages = _DUE.instances({"credential": credential_id}, shape=[ordering.ordered_channels()], limit=limit)
    # One object for all messages of a channel: joining it would make one for each.
    ids = {one.channel_id for one in messages if one.channel_id}
    channels = {one.id: one for one in _CHANNELS.instances({"ids": list(ids)})} if ids else {}
    for message in messages:
        message.channel = channels[message.channel_id] if message.channel_id else None
    return messages
