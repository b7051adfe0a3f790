"""Draining a credential's queue: claim, gate, send with many threads at once, write back in bulk.

`drain` is the one way messages leave, whoever calls it: the embedded worker, a Celery task, a test send.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.db import close_old_connections, connection

from core.vocabulary import Purpose
from credentials.client import Exchange, ProviderClient, client_for
from messaging import claiming, gate, results
from messaging.context import context_of
from messaging.gate import Passed
from messaging.results import Result
from messaging.selectors import credentials_with_due_messages
from messaging.states import Reason
from messaging.wakeups import bell_of

logger = logging.getLogger(__name__)

START_WITHIN_SECONDS = 2.0
_GATHER_SECONDS = 0.01

stopping = threading.Event()
_drainers = ThreadPoolExecutor(16, thread_name_prefix="drain")


class NotStarted(Exception):
    """Raised inside an attempt, before a request leaves, to stop it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sender:
    """The sender threads of one credential in this process, and the rule that one drain runs at a time."""

    def __init__(self, credential_id: uuid.UUID) -> None:
        self.credential_id = credential_id
        self.size = settings.SMSGATEWAY_SENDER_THREADS
        self.threads = ThreadPoolExecutor(self.size, thread_name_prefix=f"send-{str(credential_id)[-6:]}")
        self.bell = bell_of(credential_id)

    def drain(self) -> int:
        """Send until nothing is due; a call while another runs only asks that one to look again."""
        self.bell.rung.set()
        sent = 0
        while self.bell.rung.is_set() and self.bell.draining.acquire(blocking=False):
            try:
                while self.bell.rung.is_set():
                    self.bell.rung.clear()
                    self.bell.published_at = -1.0
                    sent += self._drain_once()
            finally:
                self.bell.draining.release()
        return sent

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no drain runs; False when the time is over first."""
        if not self.bell.draining.acquire(timeout=timeout):
            return False
        self.bell.draining.release()
        return True

    def _drain_once(self) -> int:
        running: set[Future[Result]] = set()
        finished, more = 0, True
        while more or running:
            more = more and not stopping.is_set()
            free = self.size - len(running)
            if more and free * 2 >= self.size:
                started, more = self._start(free)
                running |= started
            if running:
                done = _some(running)
                running -= done
                results.write([future.result() for future in done])
                finished += len(done)
        return finished

    def _start(self, free: int) -> tuple[set[Future[Result]], bool]:
        """Claim and gate up to `free` messages and start them all at once; says whether there may be more."""
        claim = claiming.claim(credential_id=self.credential_id, limit=free)
        if stopping.is_set():
            claiming.give_back(claim.token, claim.message_ids)
            return set(), False
        passed = gate.pass_gate(claim)
        more = len(claim.message_ids) == free
        if not passed:
            return set(), more
        client = client_for(self.credential_id)
        return {self.threads.submit(_attempt, client, item) for item in passed}, more


def _some(running: set[Future[Result]]) -> set[Future[Result]]:
    """At least one finished attempt, and those that finish within a moment: results are written in bulk."""
    wait(running, return_when=FIRST_COMPLETED)
    done, _ = wait(running, timeout=_GATHER_SECONDS)
    return done


_senders: dict[uuid.UUID, Sender] = {}
_senders_lock = threading.Lock()


def sender_for(credential_id: uuid.UUID) -> Sender:
    """This process's sender threads of a credential, made on first use."""
    with _senders_lock:
        if credential_id not in _senders:
            _senders[credential_id] = Sender(credential_id)
        return _senders[credential_id]


def drain(credential_id: uuid.UUID) -> int:
    """Send everything that is due for a credential; gives how many attempts ended in this call."""
    close_old_connections()
    return sender_for(credential_id).drain()


def drain_due() -> None:
    """Drain every credential that has something due, side by side; what the ticker of each worker calls."""
    for credential_id in credentials_with_due_messages():
        _drainers.submit(_drain_quietly, credential_id)


def _drain_quietly(credential_id: uuid.UUID) -> None:
    try:
        drain(credential_id)
    except Exception:
        # The ticker asks again; one credential's trouble must not end the others' delivery.
        logger.exception("Draining credential %s failed", credential_id)
    finally:
        connection.close()


def deliver_one(message_id: uuid.UUID) -> bool:
    """Send one message now, in this thread; False when it was taken by another worker or stopped at the gate."""
    passed = gate.pass_gate(claiming.claim_one(message_id))
    results.write([_attempt(client_for(item.message.credential_id), item) for item in passed])
    return bool(passed)


def _attempt(client: ProviderClient, passed: Passed) -> Result:
    """One attempt in a sender thread; never raises, so that every message gets its result."""
    message = passed.message
    try:
        exchange = client.send(context_of(message), before_request=_Permission(passed))
    except NotStarted as stop:
        return Result(passed=passed, exchange=None, given_back=stop.reason)
    except Exception:
        # Whether a byte left is not known here: the message becomes unknown, never silently sent again.
        logger.exception("Attempt of message %s ended in an error of ours", message.id)
        return Result(passed=passed, exchange=Exchange.lost("internal_error"))
    return Result(passed=passed, exchange=exchange)


class _Permission:
    """Asked before every request of an attempt: the first must start in time, a further one looks at consent again."""

    def __init__(self, passed: Passed) -> None:
        self.passed = passed
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked == 1:
            if time.monotonic() - self.passed.passed_at > START_WITHIN_SECONDS:
                raise NotStarted(Reason.GIVEN_BACK)
        elif self.passed.message.purpose != Purpose.CONSENT_REPLY and not gate.may_go_on(self.passed.message):
            raise NotStarted(Reason.OPTED_OUT)


def wait_for_attempts(*, timeout: float) -> bool:
    """Wait until no drain runs in this process; False when attempts are still on the wire after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with _senders_lock:
        senders = list(_senders.values())
    return all(sender.wait_idle(max(deadline - time.monotonic(), 0.0)) for sender in senders)
