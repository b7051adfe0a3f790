"""What a Celery worker does besides tasks: the ticker starts with it, and a signal leaves nothing half done."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, NoReturn

from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from django.db import DatabaseError

from core.errors import GatewayError
from messaging import delivery
from messaging.stopping import stopping
from operations import installation
from operations.periodic import Ticker

_tickers: list[Ticker] = []
_told = threading.Event()
# Longer than the longest request (20 s), and short of the 35 s that service managers allow.
FINISH_WITHIN_SECONDS = 25.0


@worker_init.connect(weak=False)
def begin(**_: Any) -> None:
    """Check the keys, then begin the periodic work, whether there is a broker or not: messages leave without one."""
    refuse_wrong_keys()
    start_ticker()


def refuse_wrong_keys() -> None:
    """A worker with keys of another installation would only harm: it ends with one line."""
    try:
        installation.verify()
    except (GatewayError, DatabaseError) as error:
        hint = error.text if isinstance(error, GatewayError) else f"{error}. Run manage.py migrate first."
        sys.stderr.write(f"smsgateway: {hint}\n")
        raise SystemExit(2) from error


def start_ticker() -> None:
    """Begin the periodic work."""
    stopping.clear()
    ticker = Ticker()
    ticker.start()
    _tickers.append(ticker)


@worker_shutting_down.connect(weak=False)
def on_signal(**_: Any) -> None:
    """Finish; a second signal while that lasts, or a wire that does not come to rest, ends the process at once."""
    if _told.is_set():
        leave_at_once()
    _told.set()
    if not finish():
        leave_at_once()


@worker_shutdown.connect(weak=False)  # also when Celery gives up by itself
def finish(**_: Any) -> bool:
    """Start nothing new: claims are given back, what is on the wire gets its result; False when that takes too long."""
    stop_ticker()
    return delivery.wait_for_attempts(timeout=FINISH_WITHIN_SECONDS)


def leave_at_once() -> NoReturn:
    """End the process without waiting for its threads: what is on the wire becomes unknown, as after a crash."""
    sys.stderr.write("smsgateway: ended with requests on the wire; their messages become unknown.\n")
    sys.stderr.flush()
    os._exit(1)


def stop_ticker() -> None:
    """End the periodic work; running attempts go on."""
    stopping.set()
    while _tickers:
        _tickers.pop().stop()
