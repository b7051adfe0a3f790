"""Web hosts and what they still have to tell: after an outage nothing is sent before their spools are read.

A web host that cannot reach the database keeps callbacks on its disk and tells the provider that they were taken. One
of them may be a STOP. Every web host therefore keeps a row here fresh; while one is stale or says that its spool is not
empty, gates wait. After `WAIT_AT_MOST` they go on and staff are alerted. All times are the database's (docs/adr/0022).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from core.clock import database_now
from core.compiled import Compiled
from messaging.models import WebHost

log = logging.getLogger(__name__)

STALE_AFTER = timedelta(seconds=3)
WAIT_AT_MOST = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Host:
    """One web host as the database knows it at `moment`; `spooled` callbacks wait there, `set_aside` are unreadable."""

    id: uuid.UUID
    name: str
    seen_at: datetime
    spooled: int
    set_aside: int
    waiting_since: datetime | None
    moment: datetime

    @property
    def is_stale(self) -> bool:
        """Whether it has not been heard of lately."""
        return self.seen_at < self.moment - STALE_AFTER

    @property
    def may_hold_callbacks(self) -> bool:
        """Whether its spool may hold what nobody knows yet."""
        return self.spooled > 0 or self.is_stale

    @property
    def is_overdue(self) -> bool:
        """Whether gates have waited for it long enough."""
        return (
            self.may_hold_callbacks
            and self.waiting_since is not None
            and self.waiting_since < self.moment - WAIT_AT_MOST
        )


def known_hosts() -> list[Host]:
    """All web hosts with the database's time; one query."""
    return [Host(*row) for row in _HOSTS.rows()]


_HOSTS = Compiled(
    lambda: WebHost.objects.order_by("name").values_list(
        "id", "name", "seen_at", "spooled", "set_aside", "waiting_since", Now()
    )
)


def must_wait() -> bool:
    """Whether a gate has to wait for a host; the first to see it starts the clock of `WAIT_AT_MOST`."""
    late = [host for host in known_hosts() if host.may_hold_callbacks and not host.is_overdue]
    if not late:
        return False
    _start_clock([host for host in late if host.waiting_since is None])
    return True


def beat(*, host_id: uuid.UUID, name: str, spooled: int, set_aside: int, counted_at: datetime) -> None:
    """Tell that a host is alive and what its spool held at `counted_at`, a `database_now()` from before counting.

    A beat that takes long is as old as its count: it never makes the row fresher than what it says.
    """
    values = {"name": name[:100], "seen_at": counted_at, "spooled": spooled, "set_aside": set_aside}
    waiting = {} if spooled else {"waiting_since": None}
    with transaction.atomic():
        if not WebHost.objects.filter(id=host_id).update(**values, **waiting):
            WebHost.objects.bulk_create([WebHost(id=host_id, **values)], ignore_conflicts=True)


def leave(*, host_id: uuid.UUID) -> None:
    """A host that ends in order, its spool empty, keeps nobody waiting."""
    WebHost.objects.filter(id=host_id).delete()


def forget_gone() -> int:
    """Drop the rows of hosts that have not been seen for a week."""
    return WebHost.objects.filter(seen_at__lt=database_now() - FORGOTTEN_AFTER).delete()[0]


def _start_clock(hosts: Iterable[Host]) -> None:
    for host in hosts:
        log.warning(
            "sending waits for web host %s: %s callbacks, stale %s", host.name, host.spooled, host.is_stale
        )
        WebHost.objects.filter(id=host.id, waiting_since__isnull=True).update(waiting_since=Now())
