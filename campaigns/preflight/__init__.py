"""What would happen if a campaign started now: looked at for some of its audience, counted, nothing stored."""

from __future__ import annotations

from campaigns.preflight.looking import Preflight, look_ahead

__all__ = ["Preflight", "look_ahead"]
