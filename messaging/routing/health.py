"""Credentials that carry nothing just now: paused, or their circuit breaker is open."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from messaging.breaker import open_credentials
from messaging.routing.choosing import RouteRow


def unwell_of(routes: Iterable[RouteRow]) -> frozenset[uuid.UUID]:
    """Credentials of these routes that are paused, and all whose breaker is open."""
    paused = (route.credential.pk for route in routes if route.credential.paused_at is not None)
    return frozenset((*paused, *open_credentials()))
