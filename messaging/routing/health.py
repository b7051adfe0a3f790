"""Credentials that carry nothing just now: paused, or their circuit breaker is open."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec

from messaging.routing.choosing import RouteRow

_BREAKER = "messaging.breaker"
# Gateways without a circuit breaker know paused credentials only.
open_credentials: Callable[[], Iterable[uuid.UUID]] = (
    import_module(_BREAKER).open_credentials if find_spec(_BREAKER) else frozenset
)


def unwell_of(routes: Iterable[RouteRow]) -> frozenset[uuid.UUID]:
    """Credentials of these routes that are paused, and all whose breaker is open."""
    paused = (route.credential.pk for route in routes if route.credential.paused_at is not None)
    return frozenset((*paused, *open_credentials()))
