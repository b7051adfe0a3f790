"""Waking a worker. Losing or doubling a wake-up is harmless: the database is the queue, workers look by themselves."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable

from django.db import transaction

logger = logging.getLogger(__name__)

# Of a burst each credential has one wake-up in this time: the first goes out at once, the last is never left out.
_PACE_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 0.01
# After a wake-up that could not be sent: as long as it takes the ticker to look by itself.
_REST_SECONDS = 0.5


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


class Publisher:
    """Hands tasks to the broker in a thread of its own: who accepts a message never waits for a broker.

    A broker that hangs, refuses or has lost everything costs nothing but the wake-ups it would have carried.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Callable[[], object], Bell | None]] = {}
        self._rung = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failing = False

    def publish(self, name: str, send: Callable[[], object], *, paced_by: Bell | None = None) -> None:
        """Have `send` called soon; of those with one name that wait only the last is. Returns at once."""
        self._waiting[name] = (send, paced_by)
        self._rung.set()
        if self._thread is None or not self._thread.is_alive():  # a fork has the object and not the thread
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            self._rung.wait()
            self._rung.clear()
            self.publish_due()
            if self._waiting:
                time.sleep(_LOOK_AGAIN_SECONDS)
                self._rung.set()

    def publish_due(self) -> None:
        """Send what waits, except where the last one is too young: that is left for later."""
        for name, (_, bell) in list(self._waiting.items()):
            if bell is not None:
                if time.monotonic() - bell.published_at < _PACE_SECONDS:
                    continue
                bell.published_at = time.monotonic()
            self._send(self._waiting.pop(name)[0])  # out first: who asks from here on gets one more

    def _send(self, send: Callable[[], object]) -> None:
        try:
            send()
        except Exception as error:
            # Whatever it is: the ticker finds the messages. Said once in an outage, not for every message.
            if not self._failing:
                logger.warning("No wake-ups can be sent, the ticker finds the messages: %s", error)
            self._failing = True
            time.sleep(_REST_SECONDS)
        else:
            self._failing = False


publisher = Publisher()


def wake_on_commit(credential_id: uuid.UUID) -> None:
    """Tell the workers, once the current transaction is committed, that this credential has messages."""
    transaction.on_commit(lambda: wake(credential_id), robust=True)


def wake(credential_id: uuid.UUID) -> None:
    """Tell the workers now. A drain in this process hears the bell; others are woken through the broker."""
    from messaging.tasks import drain

    bell = bell_of(credential_id)
    bell.rung.set()
    # Rung first, looked second: a drain that ends just now finds the bell rung and goes on.
    if not bell.draining.locked():
        name = str(credential_id)
        publisher.publish(name, lambda: drain.delay(name), paced_by=bell)
