"""The circuit breaker: a provider that does not answer is left alone for a while; its messages wait."""

from __future__ import annotations

from messaging.breaker.probing import allowance, watch
from messaging.breaker.standing import open_credentials
from messaging.breaker.switching import note, reset

__all__ = ["allowance", "note", "open_credentials", "reset", "watch"]
