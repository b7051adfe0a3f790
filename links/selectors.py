"""Reading tracked links."""

from __future__ import annotations

import uuid

from links.models import TrackedLink


def links_of(message_id: uuid.UUID) -> list[TrackedLink]:
    """The tracked links of one message, with their targets."""
    return list(TrackedLink.objects.filter(message_id=message_id).select_related("target"))
