"""The thread of each web process that keeps its host known, its webhooks at hand and its spool empty."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from multiprocessing.util import Finalize

from django.db import DatabaseError, close_old_connections, connection

from core.clock import database_now
from messaging import hosts
from webhooks import lookup, verifying
from webhooks.spool.outage import Outage, outage
from webhooks.spool.replaying import replay
from webhooks.spool.store import Store, store

log = logging.getLogger(__name__)

_EVERY = 0.9  # seconds; three beats fit in the time after which a host counts as stale
_LEARN_EVERY = 10  # rounds
_END_WITHIN = 3.0


class Keeper:
    """Beats, learns the webhooks, replays; one per process."""

    def __init__(self, spool: Store, state: Outage) -> None:
        self._spool, self._outage = spool, state
        self._stop = threading.Event()
        self._rounds = 0
        self._membership = spool.join()
        self._thread = threading.Thread(target=self._run, name="spool-keeper", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End; the last process of a host whose spool is empty takes its row along, so that no sender waits for it."""
        self._stop.set()
        self._thread.join(_END_WITHIN)
        try:
            if self._spool.is_last(self._membership) and not self._spool.names():
                self._spool.forget_beat()
                hosts.leave(host_id=self._spool.host_id())
        except (DatabaseError, OSError):
            log.warning("this host could not take leave; senders wait for it for a minute", exc_info=True)
        finally:
            os.close(self._membership)
            connection.close()

    def round(self) -> None:
        """One beat, and while the database answers what it makes possible."""
        close_old_connections()
        self._outage.beat_begins()
        try:
            beat(self._spool)
            if self._rounds % _LEARN_EVERY == 0:
                lookup.learn()
                verifying.remember(lookup.learnt())
        except DatabaseError:
            self._outage.begin()
            connection.close()
            return
        finally:
            self._outage.beat_ends()
        self._rounds += 1
        self._outage.end()
        if replay(self._spool):
            beat(self._spool)

    def _run(self) -> None:
        while True:
            try:
                self.round()
            except Exception:
                # The next round tries again; without this thread the host could not spool.
                log.exception("a round of the spool's keeper failed")
            if self._stop.wait(_EVERY):
                break
        connection.close()


def beat(spool: Store) -> None:
    """Tell the senders what this host's spool holds."""
    counted_at, here = database_now(), time.monotonic()
    hosts.beat(
        host_id=spool.host_id(),
        name=socket.gethostname(),
        spooled=len(spool.names()),
        set_aside=spool.count_set_aside(),
        counted_at=counted_at,
    )
    spool.note_beat(here)


def replay_leftover() -> int:
    """For workers: read what web processes of this machine left behind, and tell the senders."""
    spool = store()
    done = replay(spool, seconds=10.0)
    if done and spool.last_beat() is not None:
        beat(spool)
    return done


_keeper: Keeper | None = None


def start() -> None:
    """Start this process's keeper, once; a fork starts its own."""
    global _keeper
    if _keeper is None:
        _keeper = Keeper(store(), outage)
        _keeper.start()
        # Not atexit: a server's worker processes come from multiprocessing, which runs its own finalizers only.
        Finalize(None, stop, exitpriority=100)


def stop() -> None:
    """End this process's keeper, if it runs."""
    global _keeper
    if _keeper is not None:
        keeper, _keeper = _keeper, None
        keeper.stop()


def _after_fork() -> None:
    global _keeper
    if _keeper is not None:
        _keeper = None
        start()


os.register_at_fork(after_in_child=_after_fork)
