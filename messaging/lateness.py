"""Whether messages are due and do not leave, though nothing that is told elsewhere keeps them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from messaging import ordering
from messaging.limits.rules import rules_of
from messaging.models import Message, Pace
from messaging.selectors import ON_OPEN_CHANNEL
from messaging.states import State


def stands_still(credential_id: uuid.UUID, *, since: datetime) -> bool:
    """Whether messages of a credential have been due since then and none is on its way.

    Those of draft channels may be due, those behind a limit, and those that wait for an earlier one in their order.
    """
    due = Message.objects.filter(
        ON_OPEN_CHANNEL, state=State.QUEUED, due_at__lt=since, credential_id=credential_id
    )
    late = ordering.in_order(due, ordering.ordered_channels())
    return late.exists() and not _somebody_sends(credential_id, since)


def _somebody_sends(credential_id: uuid.UUID, since: datetime) -> bool:
    """Whether messages are on the wire just now, or were taken under a limit since then."""
    on_the_way = Message.objects.filter(state__in=(State.CLAIMED, State.SENDING), lease_until__gt=Now())
    moved = Pace.objects.filter(Q(next_message_at__gt=since) | Q(next_segment_at__gt=since))
    looks = (on_the_way, moved) if rules_of(credential_id) else (on_the_way,)
    return any(rows.filter(credential_id=credential_id).exists() for rows in looks)
