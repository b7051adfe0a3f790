"""The part of a channel's form about time: quiet hours, frequency cap, validity."""

from __future__ import annotations

from typing import Any

CAP_FIELDS = ("cap_count", "cap_window", "cap_scope", "cap_drops")
TIMING_FIELDSETS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "Quiet hours",
        {
            "fields": (("quiet_from", "quiet_until"), "quiet_days", "quiet_whole_days", "quiet_for_all"),
            "description": "When recipients are left in peace, each by the local clock. The time zone is that of the "
            "profile, else that of the number; where a number may be in several, it is quiet as long as it is in one.",
        },
    ),
    (
        "Frequency cap",
        {
            "fields": (("cap_count", "cap_window"), "cap_scope", "cap_drops"),
            "description": "How many marketing messages one recipient gets.",
        },
    ),
    ("Validity", {"fields": ("give_up_after",)}),
    (
        "Lost answers",
        {
            "fields": ("when_unknown", "when_unknown_code", "codes_move_on", "unknown_hours"),
            "description": "Messages of which nobody knows whether the provider has them. A delivery report or a late "
            "answer settles them whatever is chosen here.",
        },
    ),
)
