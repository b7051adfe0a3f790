"""Writing the append-only history of messages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from core.bulk import insert_rows
from core.clock import now
from messaging.models import MessageEvent


def record(
    message_ids: Iterable[uuid.UUID],
    *,
    before: str,
    after: str,
    reason: str = "",
    detail: str = "",
    actor: str = "",
    at: datetime | None = None,
) -> None:
    """Add the same change to the history of every message given; call it in the transaction of the change."""
    moment = at or now()
    change = {
        "at": moment,
        "before": before,
        "after": after,
        "reason": reason,
        "detail": detail[:500],
        "actor": actor,
    }
    insert_rows(MessageEvent, [{"message_id": message_id, **change} for message_id in message_ids])
