"""HTTP to providers, guarded: checked, pinned addresses, no redirects or proxies, limits on time and size."""

from __future__ import annotations

from core.http.session import (
    Answer,
    Guarded,
    GuardedAdapter,
    GuardedSession,
    Limits,
    exchange,
)

__all__ = ["Answer", "Guarded", "GuardedAdapter", "GuardedSession", "Limits", "exchange"]
