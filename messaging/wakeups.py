"""Waking a worker. Losing or doubling a wake-up is harmless: the database is the queue, workers look by themselves."""

from __future__ import annotations

import logging
import threading
import time
import uuid

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# A wake-up this young has not been acted on yet, or only just: one more would find nothing new to do.
_FRESH_SECONDS = 0.02


class Bell:
    """Between those who accept and the drain of one credential in this process: who rings is looked after."""

    def __init__(self) -> None:
        self.rung = threading.Event()
        self.draining = threading.Lock()
        self.published_at = -1.0


_bells: dict[uuid.UUID, Bell] = {}


def bell_of(credential_id: uuid.UUID) -> Bell:
    """The one bell of a credential in this process."""
    return _bells.get(credential_id) or _bells.setdefault(credential_id, Bell())


def wake_on_commit(credential_id: uuid.UUID) -> None:
    """Tell the workers, once the current transaction is committed, that this credential has messages."""
    transaction.on_commit(lambda: wake(credential_id), robust=True)


def wake(credential_id: uuid.UUID) -> None:
    """Tell the workers now. A drain in this process hears the bell; others are woken through the broker."""
    from messaging.tasks import drain

    bell = bell_of(credential_id)
    bell.rung.set()
    now = time.monotonic()
    # Rung first, looked second: a drain that ends just now finds the bell rung and goes on.
    if bell.draining.locked() or now - bell.published_at < _FRESH_SECONDS:
        return
    bell.published_at = now
    try:
        drain.delay(str(credential_id))
    except (OperationalError, OSError) as error:
        logger.warning("No wake-up sent, the ticker will find the messages: %s", error)
