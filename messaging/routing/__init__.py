"""Which way a message leaves: one call when it is accepted, nothing at all for a channel without routes."""

from __future__ import annotations

from messaging.routing.accepting import routed

__all__ = ["routed"]
