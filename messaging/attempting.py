"""One attempt in a sender thread: the parts not accepted yet, in order, each with permission asked anew."""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import DatabaseError, connection

from core.errors import TextTooLong
from core.logs import about
from core.vocabulary import Purpose
from credentials.client import Exchange, ProviderClient
from credentials.spec import RequestSpec
from messaging import gate, parts
from messaging.context import context_of, looked_up
from messaging.gate import Passed
from messaging.models import Message
from messaging.parts import Sent
from messaging.results import Result
from messaging.states import Reason
from messaging.stopping import stopping

logger = logging.getLogger(__name__)

START_WITHIN_SECONDS = 2.0
# How long a look at the kill switch stays good: a hold stops all sending within a second.
HOLD_SEEN_SECONDS = 0.5
T = TypeVar("T")


class NotStarted(Exception):
    """Raised inside an attempt, before a request leaves, to stop it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@about("message", lambda client, passed: passed.message.id)
def attempt(client: ProviderClient, passed: Passed) -> Result:
    """Send what is left of a message, up to the first part that is not accepted.

    Never raises, so that every message gets its result.
    """
    sent: list[Sent] = []
    for number in passed.waiting:
        permission = _Permission(passed, number, tuple(sent))
        try:
            exchange = _send(client, passed, number, permission)
        except NotStarted as stop:
            if permission.attempt_id is not None:
                sent.append(Sent(number, permission.attempt_id))
            return Result(passed, tuple(sent), given_back=stop.reason)
        sent.append(Sent(number, permission.attempt_id, exchange))
        if not sent[-1].accepted:
            break
    return Result(passed, tuple(sent))


def _send(client: ProviderClient, passed: Passed, number: int, permission: _Permission) -> Exchange:
    """One part; NotStarted when it may not go."""
    try:
        context = context_of(passed.message, number, texts=passed.texts, spec=client.spec.text)
        return client.send(
            {**context, **_looked_up(passed.message, client.spec.request)},
            before_request=permission,
            before_send=permission.check_age,
        )
    except NotStarted:
        raise
    except TextTooLong as error:  # of our own making, before any request
        return client.refused(error)
    except Exception:
        # Whether a byte left is not known here: the message becomes unknown, never silently sent again.
        logger.exception("Attempt of message %s ended in an error of ours", passed.message.id)
        return Exchange.lost("internal_error")


def _looked_up(message: Message, request: RequestSpec) -> dict[str, Any]:
    """What the request needs of the database; NotStarted where that does not answer, for nothing has left."""
    try:
        return looked_up(message, request)
    except DatabaseError as error:
        logger.exception("No look at the database was possible for message %s", message.id)
        raise NotStarted(Reason.GIVEN_BACK) from error
    finally:
        if not connection.in_atomic_block:
            connection.close()  # a sender thread keeps none: nobody would look after it


# When somebody of a batch that passed the gate together last saw that no hold is placed, by the batch's token.
_seen_at: dict[uuid.UUID, float] = {}
_looking = threading.Lock()
_BATCHES_REMEMBERED = 64


def _keep_seen(token: uuid.UUID, seen_at: float) -> None:
    _seen_at[token] = seen_at
    while len(_seen_at) > _BATCHES_REMEMBERED:
        del _seen_at[next(iter(_seen_at))]


class _Permission:
    """Asked before every request for one part: the first of an attempt must start in time, before a further one
    consent is looked at again; the first request of a further part opens its attempt.
    """

    def __init__(self, passed: Passed, number: int, before: tuple[Sent, ...]) -> None:
        self.passed = passed
        self.number = number
        self.before = before
        self.attempt_id = None if before else passed.attempt_id
        self.place = self.passed.waiting.index(number)
        self.asked = 0
        self.asked_at = passed.passed_at
        self.held_at = passed.held_at

    def __call__(self) -> None:
        self.asked += 1
        self._wait_for_turn()
        if self.attempt_id is None:
            self.attempt_id = self._look(lambda: parts.open_next(self.passed, self.number, self.before))
        elif self.asked > 1:
            self._look_again()
        self.check_age()

    def _wait_for_turn(self) -> None:
        """A part that comes much later, or while this process stops, is left to the next claim."""
        turn = self.passed.turn
        if turn.is_of_another_claim(self.place):
            raise NotStarted(Reason.RATE_LIMITED)
        if (self.before and stopping.is_set()) or not turn.wait(self.place, unless=stopping):
            raise NotStarted(Reason.GIVEN_BACK)

    def check_age(self) -> None:
        """Right before the first byte: connecting may have taken longer than a permission lasts."""
        self._check_start()
        if time.monotonic() - self.held_at > HOLD_SEEN_SECONDS:
            self.held_at = self._look_at_hold()
            self._check_start()
        if self.asked <= 1 and self.passed.turn.is_missed(self.place):
            raise NotStarted(Reason.RATE_LIMITED)

    def _check_start(self) -> None:
        if time.monotonic() - self.asked_at > START_WITHIN_SECONDS:
            raise NotStarted(Reason.GIVEN_BACK)

    def _look_again(self) -> None:
        if self.passed.message.purpose == Purpose.CONSENT_REPLY:
            # Exempt from consent, from the kill switch it is not.
            self.asked_at = time.monotonic()
            self.asked_at = self.held_at = self._look_at_hold()
            return
        self._look(lambda: gate.may_go_on(self.passed))

    def _look_at_hold(self) -> float:
        """Look at the kill switch again; gives when. Of many that start late together, one looks for all."""
        with _looking:
            self._check_start()  # waiting for one's turn takes its time
            seen_at = _seen_at.get(self.passed.token, -math.inf)
            if time.monotonic() - seen_at > HOLD_SEEN_SECONDS:
                seen_at = self._asked(lambda: not gate.is_on_hold(), otherwise=Reason.SEND_HOLD)[1]
                _keep_seen(self.passed.token, seen_at)
        return seen_at

    def _look(self, look: Callable[[], T]) -> T:
        found, started = self._asked(look, otherwise=Reason.GIVEN_BACK)
        self.asked_at = self.held_at = started
        return found

    def _asked(self, look: Callable[[], T], *, otherwise: str) -> tuple[T, float]:
        """What a look at the database gives, and when it began; nothing found, or no database: not started."""
        started = time.monotonic()
        try:
            found = look()
        except Exception as error:
            logger.exception("No look at the database was possible for message %s", self.passed.message.id)
            raise NotStarted(Reason.GIVEN_BACK) from error
        finally:
            if not connection.in_atomic_block:
                connection.close()  # a sender thread keeps none: nobody would look after it
        if not found:
            raise NotStarted(otherwise)
        return found, started
