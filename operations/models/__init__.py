"""What the installation remembers about itself."""

from __future__ import annotations

from operations.models.installation import Heartbeat, Installation, RetentionLease
from operations.models.tallies import Tally, TallyCursor

__all__ = ["Heartbeat", "Installation", "RetentionLease", "Tally", "TallyCursor"]
