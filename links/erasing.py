"""Forgetting where the personal links of an erased person led."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from links.models import Click, TrackedLink


def erase_messages(message_ids: Collection[uuid.UUID]) -> int:
    """Blank personal addresses and browsers of these messages' links; clicks stay counted. Gives the links' number."""
    links = TrackedLink.objects.filter(message_id__in=message_ids)
    Click.objects.filter(link__in=links).update(user_agent="")
    return links.update(url="")
