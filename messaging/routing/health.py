"""Credentials that carry nothing just now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from messaging.routing.choosing import RouteRow


def unwell_of(routes: Iterable[RouteRow]) -> frozenset[uuid.UUID]:
    """Credentials of these routes that are paused."""
    return frozenset(route.credential.pk for route in routes if route.credential.paused_at is not None)
