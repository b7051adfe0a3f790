"""Whether this web process can do its work: what a load balancer asks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import DatabaseError, connection

from core.brief import BriefMemory
from operations import pulse

log = logging.getLogger(__name__)

_BROKER_ANSWERS_WITHIN = 1.0  # seconds


@dataclass(frozen=True)
class Readiness:
    """Part -> "ok" or what is wrong; messages can be taken while `ready`, however late they go out."""

    ready: bool
    parts: Mapping[str, str]


def readiness() -> Readiness:
    """Look at database, worker and broker; what was found is remembered for a second.

    A worker or a broker that is missing does not make the process unready: it still accepts, and nothing is lost.
    A database that is missing does.
    """
    found = _memory.get("")
    assert found is not None  # _look always finds something
    return found


def _look(_: str) -> Readiness:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        worker = pulse.is_worker_alive()
        broker = worker and pulse.round_trip(within=_BROKER_ANSWERS_WITHIN)
    except DatabaseError as error:
        log.warning("the database does not answer: %s", error)
        return Readiness(ready=False, parts={"database": "does not answer"})
    return Readiness(
        ready=True,
        parts={
            "database": "ok",
            "worker": "ok" if worker else "none seen for 30 seconds: messages are taken and wait",
            "broker": "ok" if broker else "no round trip: messages go out half a second later",
        },
    )


_memory: BriefMemory[str, Readiness] = BriefMemory(_look)


def forget() -> None:
    """Look again at the next question."""
    _memory.forget()
