"""Draining a credential's queue: claim, gate, send with many threads at once, write back in bulk.

`Sender.drain` is the one way messages leave, whoever asks for it: the ticker, a Celery task, a test send.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.db import close_old_connections, connection

from credentials.client import client_for
from messaging import breaker, gate, hosts, ordering, results, taking
from messaging.attempting import attempt
from messaging.crew import Crew
from messaging.results import Result
from messaging.selectors import credentials_with_due_messages
from messaging.stopping import stopping
from messaging.wakeups import bell_of

logger = logging.getLogger(__name__)

_GATHER_SECONDS = 0.01
_LOOK_AROUND_SECONDS = 0.05


class Sender:
    """The threads of one credential in this process; one drain runs at a time, in a thread of its own."""

    def __init__(self, credential_id: uuid.UUID) -> None:
        self.credential_id = credential_id
        name = str(credential_id)[-6:]
        self.crew: Crew[Result] = Crew(settings.SMSGATEWAY_SENDER_THREADS, name=f"send-{name}")
        self.drainer = ThreadPoolExecutor(1, thread_name_prefix=f"drain-{name}")
        self.bell = bell_of(credential_id)
        self.again_at: float | None = None  # when a limit lets more through, in monotonic seconds

    def ask(self) -> None:
        """See to it that what is due is sent; returns at once."""
        self.bell.rung.set()
        if not self.bell.draining.locked():
            self.drainer.submit(self._drain_quietly)

    def drain(self) -> int:
        """Send until nothing is due; a call while another runs only asks that one to look again."""
        self.bell.rung.set()
        sent = 0
        while self.bell.rung.is_set() and self.bell.draining.acquire(blocking=False):
            try:
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

    def _drain_quietly(self) -> None:
        try:
            close_old_connections()
            self.drain()
        except Exception:
            # The ticker asks again; one credential's trouble must not end the others' delivery.
            logger.exception("Draining credential %s failed", self.credential_id)
        finally:
            connection.close()

    def _drain_once(self) -> int:
        crew, finished, rest = self.crew, 0, 0
        try:
            while self._hears_more() or crew.busy or self.again_at is not None:
                if crew.free * 2 >= crew.size and self._is_time(idle=not crew.busy):
                    self._start(crew.free)
                if crew.busy:
                    done = crew.take(timeout=_LOOK_AROUND_SECONDS, gather=_GATHER_SECONDS)
                    results.write_surely(done)
                    finished += len(done)
                    if done and ordering.is_used():  # the next one to the same recipient may go now
                        self.bell.rung.set()
        finally:
            # Whatever went wrong with the next ones: those on the wire get their result.
            rest = self._finish()
        return finished + rest

    def _finish(self) -> int:
        done = self.crew.take_all()
        results.write_surely(done)
        return len(done)

    def _hears_more(self) -> bool:
        """Whether somebody rang since the queue was last found empty; nothing new starts while stopping."""
        if stopping.is_set():
            self.bell.rung.clear()
            self.again_at = None
        return self.bell.rung.is_set()

    def _is_time(self, *, idle: bool) -> bool:
        """Whether to claim: somebody rang, or a limit lets more through; waits for either while nothing runs."""
        pause = 0.0 if self.again_at is None else self.again_at - time.monotonic()
        if pause <= 0:
            return self.bell.rung.is_set() or self.again_at is not None
        return self.bell.rung.wait(pause) if idle else self.bell.rung.is_set()

    def _start(self, free: int) -> None:
        """Claim and gate up to `free` messages and start them all at once; the bell rests when the queue is empty."""
        self.bell.rung.clear()
        self.again_at = None
        self.bell.published_at = -1.0
        free = breaker.allowance(self.credential_id, free)
        if not free:
            return
        client = client_for(self.credential_id)
        taken = taking.take(credential_id=self.credential_id, limit=free)
        if taken.found == free:
            self.bell.rung.set()
        if taken.again_in is not None:
            self.again_at = time.monotonic() + taken.again_in
        breaker.watch(self.credential_id, taken.token, taken.passed)
        for item in taken.passed:
            self.crew.start(partial(attempt, client, item))


_senders: dict[uuid.UUID, Sender] = {}
_senders_lock = threading.Lock()


def sender_for(credential_id: uuid.UUID) -> Sender:
    """This process's threads of a credential, made on first use."""
    with _senders_lock:
        if credential_id not in _senders:
            _senders[credential_id] = Sender(credential_id)
        return _senders[credential_id]


def ask(credential_id: uuid.UUID) -> None:
    """Have everything that is due for a credential sent, in its own threads; returns at once."""
    sender_for(credential_id).ask()


def drain(credential_id: uuid.UUID) -> int:
    """Send everything that is due for a credential, now; gives how many attempts ended in this call."""
    return sender_for(credential_id).drain()


def ask_all_due() -> None:
    """Have every credential with something due drained, side by side; what the ticker of each worker calls."""
    if not gate.is_on_hold() and not hosts.must_wait():
        for credential_id in credentials_with_due_messages():
            ask(credential_id)


def deliver_one(message_id: uuid.UUID) -> bool:
    """Send one message now, in this thread, when limits let it; False when another worker took it or it may not go."""
    passed = taking.take_one(message_id)
    results.write_surely([attempt(client_for(item.message.credential_id), item) for item in passed])
    return bool(passed)


def wait_for_attempts(*, timeout: float) -> bool:
    """Wait until no drain runs in this process; False when attempts are still on the wire after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with _senders_lock:
        senders = list(_senders.values())
    idle = [sender.wait_idle(max(deadline - time.monotonic(), 0.0)) for sender in senders]
    return all(idle)
