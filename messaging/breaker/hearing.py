"""Pure: what an exchange says about the provider as a whole, and how long one that is silent is left alone."""

from __future__ import annotations

import random
from enum import Enum

from core.errors import AddressRefused, AnswerLost, ConnectionFailed, TokenUnavailable
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 300.0
_SILENT = frozenset({ConnectionFailed.code, TokenUnavailable.code, AnswerLost.code, AddressRefused.code})


class Heard(Enum):
    """What one attempt says: nothing of the provider, that it answers, that it is down."""

    NOTHING = 0
    ANSWER = 1
    DOWN = 2


def heard(exchange: Exchange | None) -> Heard:
    """Timeouts, failed connections, token servers that are down and 5xx mean down.

    A refusal of one message, a refused key and "too fast" (429) are answers; what never left says nothing.
    """
    if exchange is None:
        return Heard.NOTHING
    result = exchange.result
    if result.code in _SILENT:
        return Heard.DOWN
    status = exchange.response.get("status")
    if not status:
        return Heard.NOTHING
    is_open = result.outcome in (Outcome.TEMPORARY, Outcome.UNKNOWN)
    return Heard.DOWN if is_open and status >= 500 and result.failure != FailureClass.RATE else Heard.ANSWER


def words(exchange: Exchange) -> str:
    """Why the provider counts as down, for staff."""
    status = exchange.response.get("status")
    said = exchange.result.detail or exchange.result.code
    return (f"HTTP {status}: {said}" if status else said)[:300]


def open_seconds(openings: int) -> float:
    """How long it stays open the nth time in a row: doubles from 5 s to 5 min, less a random part of up to a half."""
    bound = min(FIRST_SECONDS * 2 ** min(max(openings - 1, 0), 16), LONGEST_SECONDS)
    return random.uniform(bound / 2, bound)  # noqa: S311  spreads load, guards nothing
