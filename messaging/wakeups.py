"""Waking a worker. Losing or doubling a wake-up is harmless: the database is the queue, workers look by themselves."""

from __future__ import annotations

import logging
import threading
import time
import uuid

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Of a burst each credential has one wake-up in this time: the first goes out at once, the last is never left out.
_PACE_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 0.01


class Bell:
    """Between those who accept and the drain of one credential in this process: who rings is looked after."""

    def __init__(self) -> None:
        self.rung = threading.Event()
        self.draining = threading.Lock()
        self.published_at = -1.0  # a drain that begins here takes it back: what comes then is news again


_bells: dict[uuid.UUID, Bell] = {}


def bell_of(credential_id: uuid.UUID) -> Bell:
    """The one bell of a credential in this process."""
    return _bells.get(credential_id) or _bells.setdefault(credential_id, Bell())


def wake_on_commit(credential_id: uuid.UUID) -> None:
    """Tell the workers, once the current transaction is committed, that this credential has messages."""
    transaction.on_commit(lambda: wake(credential_id), robust=True)


def wake(credential_id: uuid.UUID) -> None:
    """Tell the workers. A drain in this process hears the bell; others are woken through the broker, by a thread:

    nobody who accepts a message waits for the broker.
    """
    bell = bell_of(credential_id)
    bell.rung.set()
    # Rung first, looked second: a drain that ends just now finds the bell rung and goes on.
    if not bell.draining.locked():
        _herald.ask(credential_id)


class Herald:
    """Publishes the wake-ups of this process in a thread of its own, made at the first one."""

    def __init__(self) -> None:
        self._asked: set[uuid.UUID] = set()
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self, credential_id: uuid.UUID) -> None:
        """See to it that a wake-up goes out; returns at once."""
        self._asked.add(credential_id)
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():  # not alive: in a process forked since
            self._start()

    def publish_due(self) -> None:
        """Publish what was asked for, except where the last one is too young: that is left for later."""
        for credential_id in list(self._asked):
            bell, now = bell_of(credential_id), time.monotonic()
            if now - bell.published_at < _PACE_SECONDS:
                continue
            bell.published_at = now
            self._asked.discard(credential_id)  # first: who asks from here on gets one more
            _publish(credential_id)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self.publish_due()
            if self._asked:
                time.sleep(_LOOK_AGAIN_SECONDS)
                self._wanted.set()


_herald = Herald()


def _publish(credential_id: uuid.UUID) -> None:
    from messaging.tasks import drain

    try:
        drain.delay(str(credential_id))
    except (OperationalError, OSError) as error:
        logger.warning("No wake-up sent, the ticker will find the messages: %s", error)
    except Exception:  # the thread goes on whatever the broker's client thinks of
        logger.exception("No wake-up sent, the ticker will find the messages")
