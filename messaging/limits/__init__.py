"""Limits of credentials and senders: how much leaves in a second and how much is on the wire, over all workers."""

from __future__ import annotations

from messaging.limits.taking import Taken, claim
from messaging.limits.taking_one import claim_one
from messaging.limits.turns import NO_TURN, Turn

__all__ = ["NO_TURN", "Taken", "Turn", "claim", "claim_one"]
