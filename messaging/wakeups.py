"""Waking a worker. Losing or doubling a wake-up is harmless: the database is the queue, workers look by themselves."""

from __future__ import annotations

import logging
import time
import uuid

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# A wake-up this young has not been acted on yet, or only just: one more would find nothing new to do.
_FRESH_SECONDS = 0.02
_sent: dict[uuid.UUID, float] = {}


def wake_on_commit(credential_id: uuid.UUID) -> None:
    """Tell the workers, once the current transaction is committed, that this credential has messages."""
    transaction.on_commit(lambda: wake(credential_id), robust=True)


def wake(credential_id: uuid.UUID) -> None:
    """Tell the workers now; a broker that is away only costs the ticker's delay."""
    from messaging.tasks import drain

    now = time.monotonic()
    if now - _sent.get(credential_id, -1.0) < _FRESH_SECONDS:
        return
    _sent[credential_id] = now
    try:
        drain.delay(str(credential_id))
    except (OperationalError, OSError) as error:
        logger.warning("No wake-up sent, the ticker will find the messages: %s", error)


def heard(credential_id: uuid.UUID) -> None:
    """A drain begins in this process: whoever comes from now on wakes it again."""
    _sent.pop(credential_id, None)
