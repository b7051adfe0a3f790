"""Spooled callbacks become callbacks: in order of arrival, dated as they came, by one process of a host at a time."""

from __future__ import annotations

import logging
import time

from django.db import InterfaceError, OperationalError

from webhooks.receiving import receive_spooled
from webhooks.spool.entries import EntryUnreadable, from_bytes
from webhooks.spool.store import Store, store

log = logging.getLogger(__name__)

_FOR_SECONDS = 1.0


def replay(spool: Store | None = None, *, seconds: float = _FOR_SECONDS) -> int:
    """Process what waits on this machine, for about that long; gives how many. The rest is for the next round.

    The database failing again ends the round and keeps the file. One that cannot be opened is set aside.
    """
    spool = spool or store()
    if not spool.names():
        return 0
    done = 0
    deadline = time.monotonic() + seconds
    with spool.only_reader() as ours:
        for name in spool.names() if ours else ():
            try:
                done += _replay_one(spool, name)
            except (OperationalError, InterfaceError):
                log.warning("the database fails while spooled callbacks are read; they wait", exc_info=True)
                break
            except Exception:
                # One that always fails must not keep those behind it, and every sender, waiting.
                log.exception("a spooled callback failed and was set aside")
                spool.set_aside(name)
            if time.monotonic() > deadline:
                break
    return done


def _replay_one(spool: Store, name: str) -> bool:
    try:
        entry = from_bytes(name, spool.read(name))
    except FileNotFoundError:
        return False
    except EntryUnreadable:
        log.exception("a spooled callback was set aside")
        spool.set_aside(name)
        return False
    receive_spooled(webhook_id=entry.webhook_id, callback=entry.callback, request_id=entry.request_id)
    spool.remove(name)
    return True
