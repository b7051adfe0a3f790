"""What an exchange with the provider makes of a message: pure, the table of DESIGN's outcomes in code."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from core.errors import ConnectionFailed, TokenUnavailable
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange
from credentials.reading import SendResult
from messaging.models import Message, Source
from messaging.states import PartState, Reason, State

_FIRST_DELAY = 2.0
_GROWTH = 5.0
_LONGEST_DELAY = 900.0
_LONGEST_RETRY_AFTER = 3600.0
_LAST_TRY = 1.0  # seconds before the end of its validity
# A provider nobody could reach refused nothing: such a try does not count, its validity ends the message.
_NOT_REACHED = (ConnectionFailed.code, TokenUnavailable.code)


@dataclass(frozen=True)
class Next:
    """Where a message goes after an attempt."""

    state: State
    part: PartState
    reason: str = ""
    due_in: float = 0.0
    counts: bool = True
    detail: str = ""  # further words for the message's history


def next_of(message: Message, exchange: Exchange, moment: datetime) -> Next:
    """Pure: the state after an exchange; `due_in` seconds only for a message that goes back into the queue."""
    result = exchange.result
    match result.outcome:
        case Outcome.ACCEPTED:
            return Next(State.ACCEPTED, PartState.ACCEPTED)
        case Outcome.UNKNOWN:
            return Next(State.UNKNOWN, PartState.UNKNOWN, Reason.ANSWER_LOST)
        case Outcome.OPTED_OUT:
            return Next(State.FAILED, PartState.FAILED, Reason.OPTED_OUT)
        case Outcome.TEMPORARY:
            return _later(message, result, moment)
    if result.failure == FailureClass.AUTH and message.source != Source.TEST:
        return Next(State.QUEUED, PartState.WAITING, Reason.CREDENTIAL_PAUSED, counts=False)
    if result.failure == FailureClass.CONFIGURATION:
        return Next(State.FAILED, PartState.FAILED, Reason.CONFIGURATION)
    return Next(State.FAILED, PartState.FAILED, Reason.REFUSED)


def _later(message: Message, result: SendResult, moment: datetime) -> Next:
    counts = result.code not in _NOT_REACHED
    asked_for = min(result.retry_after or 0.0, _LONGEST_RETRY_AFTER)
    if message.source == Source.TEST:
        return Next(State.FAILED, PartState.FAILED, Reason.TEMPORARY)
    if counts and message.tries >= settings.SMSGATEWAY_MAX_TRIES:
        return Next(State.FAILED, PartState.FAILED, Reason.TRIES_USED)
    left = (message.valid_until - moment).total_seconds() - _LAST_TRY
    if left <= asked_for:
        return Next(State.FAILED, PartState.FAILED, Reason.VALIDITY_OVER)
    # What was given back before it left was no sign of trouble at the provider.
    tries = message.tries if counts else message.tries + message.uncounted_tries
    delay = max(asked_for, min(backoff(tries), left))
    return Next(State.QUEUED, PartState.WAITING, Reason.TEMPORARY, due_in=delay, counts=counts)


def backoff(tries: int) -> float:
    """Full jitter: a random delay between half a second and a bound that grows fivefold, 2 s to 15 min."""
    bound = min(_LONGEST_DELAY, _FIRST_DELAY * _GROWTH ** min(max(tries - 1, 0), 10))
    return random.uniform(0.5, bound)  # noqa: S311  spreads load, guards nothing
