"""Whether messages are due and do not leave, though nothing that is told elsewhere keeps them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from messaging.limits.rules import rules_of
from messaging.models import Message, Pace
from messaging.selectors import ON_OPEN_CHANNEL
from messaging.states import State


def stands_still(credential_id: uuid.UUID, *, since: datetime) -> bool:
    """Whether messages of a credential have been due since then; those of draft channels and behind a limit may be."""
    due = Message.objects.filter(ON_OPEN_CHANNEL, state=State.QUEUED, due_at__lt=since)
    return due.filter(credential_id=credential_id).exists() and not _is_at_its_limit(credential_id, since)


def _is_at_its_limit(credential_id: uuid.UUID, since: datetime) -> bool:
    """Whether limits of its own make the queue: somebody has taken messages under them since then."""
    if not rules_of(credential_id):
        return False
    moved = Pace.objects.filter(Q(next_message_at__gt=since) | Q(next_segment_at__gt=since))
    on_the_way = Message.objects.filter(state__in=(State.CLAIMED, State.SENDING), lease_until__gt=Now())
    return any(rows.filter(credential_id=credential_id).exists() for rows in (moved, on_the_way))
