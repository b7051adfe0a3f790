"""The consent screens: the history of what recipients asked for."""

from __future__ import annotations

from consent.admin.events import ConsentEventAdmin

__all__ = ["ConsentEventAdmin"]
