"""What the database itself refuses: state changes outside the table, changes to message events."""

from __future__ import annotations

from access.triggers import AFTER_RETENTION
from core.triggers import Trigger, append_only, transitions
from messaging.states import ALLOWED_PAIRS

TRIGGERS: tuple[Trigger, ...] = (
    *transitions("messaging_message", "state", ALLOWED_PAIRS),
    *append_only(
        "messaging_messageevent",
        blankable="detail",
        fixed=("id", "message_id", "at", "before", "after", "reason", "actor"),
        retained=AFTER_RETENTION,
    ),
)
