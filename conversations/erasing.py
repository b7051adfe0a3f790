"""Forgetting a number in conversations."""

from __future__ import annotations

from datetime import datetime

from conversations.models import Conversation


def erase_number(msisdn: str) -> int:
    """Delete what staff noted about a number (E.164); gives how many rows."""
    return Conversation.objects.filter(msisdn=msisdn).delete()[0]


def forget_marks(*, before: datetime, batch: int) -> int:
    """Delete up to `batch` of the marks nobody has touched since a moment; gives how many."""
    old = Conversation.objects.filter(touched_at__lt=before).order_by("touched_at")
    return Conversation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:batch])).delete()[0]
