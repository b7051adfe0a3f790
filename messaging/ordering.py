"""First in, first out for a recipient, on channels that want it; nothing is asked while none does."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from core.brief import BriefMemory
from messaging.models import ChannelConfiguration, Message
from messaging.states import UNDER_WAY


def _load(_: str) -> frozenset[uuid.UUID]:
    return frozenset(ChannelConfiguration.objects.filter(keep_order=True).values_list("id", flat=True))


_memory: BriefMemory[str, frozenset[uuid.UUID]] = BriefMemory(_load)

# What is due later and was never tried is no predecessor: nobody waits for a message of tomorrow.
_HAS_BEGUN = Q(due_at__lte=Now()) | Q(tries__gt=0) | Q(uncounted_tries__gt=0)


def is_used() -> bool:
    """Whether some channel keeps an order, as it was up to a second ago."""
    return bool(ordered_channels())


def ordered_channels() -> frozenset[uuid.UUID]:
    """Channels that keep an order, as it was up to a second ago."""
    return _memory.get("") or frozenset()


def in_order(due: QuerySet[Message], channels: frozenset[uuid.UUID]) -> QuerySet[Message]:
    """Without those of `channels` that have to wait for an earlier one of their channel to the same recipient."""
    if not channels:
        return due
    earlier = Message.objects.filter(
        _HAS_BEGUN,
        subject_id=OuterRef("subject_id"),
        channel_id=OuterRef("channel_id"),
        id__lt=OuterRef("id"),
        state__in=UNDER_WAY,
    )
    return due.filter(Q(channel_id__isnull=True) | ~Q(channel_id__in=channels) | ~Exists(earlier))
