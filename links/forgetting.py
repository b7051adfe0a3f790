"""Links go with their messages; what they led to, and how often it was followed, stays with the target."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from links.models import Click, TrackedLink


def forget_messages(message_ids: Collection[uuid.UUID]) -> None:
    """Delete the links of these messages and every call of them."""
    Click.objects.filter(link__message_id__in=message_ids).delete()
    TrackedLink.objects.filter(message_id__in=message_ids).delete()
