"""What the installation remembers about itself."""

from __future__ import annotations

from operations.models.alerting import AlertNotice, AlertTarget, NoticeState, OpenAlert, TargetKind
from operations.models.installation import Heartbeat, Installation, RetentionLease
from operations.models.tallies import Tally, TallyCursor

__all__ = [
    "AlertNotice",
    "AlertTarget",
    "Heartbeat",
    "Installation",
    "NoticeState",
    "OpenAlert",
    "RetentionLease",
    "Tally",
    "TallyCursor",
    "TargetKind",
]
