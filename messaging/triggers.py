"""What the database itself refuses: state changes outside the table, changes to message events."""

from __future__ import annotations

from access.triggers import AFTER_RETENTION
from core.triggers import Trigger, append_only, transitions
from messaging.states import ALLOWED_PAIRS, AT_ONCE_PAIRS

TRIGGERS: tuple[Trigger, ...] = (
    *transitions(
        "messaging_message",
        "state",
        ALLOWED_PAIRS,
        others=AT_ONCE_PAIRS,
        others_if="NEW.lease_token IS NOT NULL",
    ),
    *append_only(
        "messaging_messageevent",
        blankable="detail",
        fixed=("id", "message_id", "at", "before", "after", "reason", "actor"),
        retained=AFTER_RETENTION,
    ),
)
