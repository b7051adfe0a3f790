"""Signs of life: that a worker is at work, and that a wake-up finds its way through the broker."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta

from core.clock import database_now
from messaging.wakeups import publisher
from operations.models import Heartbeat
from operations.tasks import answer

WORKER = "worker"
WORKER_ALIVE_WITHIN = timedelta(seconds=30)
_POLL_SECONDS = 0.02


def beat_of_worker() -> None:
    """Write that a worker lives, by the database's clock; every worker does it every few seconds."""
    Heartbeat.objects.update_or_create(kind=WORKER, defaults={"token": "", "at": database_now()})


def worker_seen_at() -> datetime | None:
    """When a worker last wrote; None: never."""
    return Heartbeat.objects.filter(kind=WORKER).values_list("at", flat=True).first()


def is_worker_alive() -> bool:
    """Whether some worker wrote lately."""
    seen = worker_seen_at()
    return seen is not None and seen > database_now() - WORKER_ALIVE_WITHIN


def round_trip(*, within: float) -> bool:
    """Whether a task sent now through the broker is answered by a worker within so many seconds."""
    token = secrets.token_hex(8)
    publisher.publish("round trip", lambda: answer.delay(token))
    deadline = time.monotonic() + within
    while not Heartbeat.objects.filter(kind="round_trip", token=token).exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
