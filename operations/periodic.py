"""Work that every worker does by itself, every few seconds; twice is harmless, so no lock and no beat are needed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import close_old_connections, connection

from access.idempotency import forget_old
from access.sessions import forget_expired_sessions
from campaigns.keyword_actions import run_keyword_actions
from campaigns.outcomes import keep_counting
from campaigns.running.advancing import advance_runs
from campaigns.scheduling.starting import start_due
from consent.checkpoints import make_checkpoint
from consent.confirming import expire
from consent.importing.storing import forget_left_behind
from consent.reviews import lapse_due
from consent.suppression import close_expired
from messaging.consent_changes import continue_imports
from messaging.delivery import ask_all_due
from messaging.hosts import forget_gone
from messaging.routing.waiting import move_waiting
from messaging.spending.standing import forget_counters
from messaging.stopping import stopping
from messaging.sweeping import sweep
from messaging.withdrawals import follow_decisions
from operations.alerting.evaluating import evaluate, forget_old_alerts
from operations.alerting.telling import tell_due
from operations.metrics.tallying import tally
from operations.pulse import beat_of_worker
from operations.retention import retain
from profiles.hashes import fill_in
from profiles.importing import running as profile_imports
from profiles.importing import storing as stored_profile_imports
from webhooks.asking import ask_due
from webhooks.assembling import deliver_incomplete
from webhooks.forwarding import forward_due
from webhooks.held import apply_held
from webhooks.leftovers import process_leftovers
from webhooks.nonces import forget_expired
from webhooks.refusals import forget_old as forget_old_refusals
from webhooks.retention import forget_samples, purge_callbacks
from webhooks.spool.keeper import replay_leftover

logger = logging.getLogger(__name__)

# What runs seldom keeps no database connection in between: they are counted, and workers are many.
_SELDOM = 10.0
_IDEMPOTENCY_KEPT = timedelta(hours=72)


def forget_idempotency_records() -> int:
    """Drop answers that no caller repeats any more."""
    return forget_old(older_than=_IDEMPOTENCY_KEPT)


def continue_profile_imports() -> int:
    """Carry profile imports on for some seconds."""
    return profile_imports.continue_imports(stopping=stopping.is_set)


def forget_profile_imports_left_behind() -> int:
    """Drop profile imports that nobody went on with; beat tells functions apart by their names."""
    return stored_profile_imports.forget_left_behind()


@dataclass(frozen=True)
class Periodic:
    """A function and how many seconds lie between two runs; the first is `at_once` or after that time."""

    run: Callable[[], object]
    every: float
    at_once: bool = False


PERIODIC: tuple[Periodic, ...] = (
    Periodic(ask_all_due, every=0.5),
    Periodic(sweep, every=5.0),
    Periodic(ask_due, every=5.0),
    Periodic(move_waiting, every=2.0),
    Periodic(beat_of_worker, every=5.0, at_once=True),
    Periodic(tally, every=5.0, at_once=True),
    Periodic(evaluate, every=10.0),
    Periodic(tell_due, every=5.0),
    Periodic(forget_old_alerts, every=3600.0),
    Periodic(follow_decisions, every=5.0),
    Periodic(replay_leftover, every=5.0),
    Periodic(process_leftovers, every=10.0),
    Periodic(continue_imports, every=1.0),
    Periodic(continue_profile_imports, every=1.0),
    Periodic(start_due, every=1.0),
    Periodic(advance_runs, every=0.5),
    Periodic(keep_counting, every=5.0),
    Periodic(apply_held, every=10.0),
    Periodic(deliver_incomplete, every=15.0),
    Periodic(forward_due, every=2.0),
    Periodic(run_keyword_actions, every=2.0),
    Periodic(forget_samples, every=3600.0),
    Periodic(lapse_due, every=60.0),
    Periodic(expire, every=300.0),
    Periodic(purge_callbacks, every=300.0),
    Periodic(make_checkpoint, every=600.0),
    Periodic(forget_left_behind, every=3600.0),
    Periodic(forget_profile_imports_left_behind, every=3600.0),
    Periodic(close_expired, every=3600.0),
    Periodic(forget_gone, every=3600.0),
    Periodic(forget_counters, every=3600.0),
    Periodic(forget_idempotency_records, every=3600.0),
    Periodic(forget_expired, every=600.0),
    Periodic(forget_expired_sessions, every=3600.0),
    Periodic(forget_old_refusals, every=3600.0),
    Periodic(fill_in, every=5.0),
    Periodic(retain, every=60.0),
)


class Ticker:
    """Runs every periodic function in a thread of its own until stopped."""

    def __init__(self, periodic: tuple[Periodic, ...] = PERIODIC) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(item,), name=f"tick-{item.run.__name__}", daemon=True)
            for item in periodic
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout: float = 3.0) -> None:
        """Ask every thread to end and wait a moment for them all."""
        self._stop.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _loop(self, item: Periodic) -> None:
        wait = 0.0 if item.at_once else item.every
        while not self._stop.wait(wait):
            wait = item.every
            try:
                close_old_connections()
                item.run()
            except Exception:
                # The next round tries again; one bad round must not end delivery.
                logger.exception("Periodic work %s failed", item.run.__name__)
            if item.every >= _SELDOM:
                connection.close()
        connection.close()
