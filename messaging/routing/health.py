"""Credentials that carry nothing just now: paused, or their circuit breaker is open."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from messaging.breaker.standing import standings
from messaging.models import BreakerState
from messaging.routing.choosing import RouteRow


def resting_credentials() -> frozenset[uuid.UUID]:
    """Credentials whose breaker is open, but for those that may be tried again.

    Those take messages for a moment: without one that tries, nobody would find out that the provider answers again.
    """
    return frozenset(
        key
        for key, standing in standings().items()
        if standing.state != BreakerState.CLOSED and not standing.may_probe
    )


def unwell_of(routes: Iterable[RouteRow]) -> frozenset[uuid.UUID]:
    """Credentials of these routes that are paused, and all that rest."""
    paused = (route.credential.pk for route in routes if route.credential.paused_at is not None)
    return frozenset((*paused, *resting_credentials()))
