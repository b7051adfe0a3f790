"""Caps and spend limits: counted exactly when messages are accepted, in the same transaction; free without limits."""

from __future__ import annotations

from messaging.spending.taking import take, take_more

__all__ = ["take", "take_more"]
