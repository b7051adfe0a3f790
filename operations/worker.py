"""What a Celery worker does besides tasks: the ticker starts with it and stops with it."""

from __future__ import annotations

import sys
from typing import Any

from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from django.db import DatabaseError

from core.errors import GatewayError
from messaging import delivery
from operations import installation
from operations.periodic import Ticker

_tickers: list[Ticker] = []
_FINISH_WITHIN_SECONDS = 25.0


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
    delivery.stopping.clear()
    ticker = Ticker()
    ticker.start()
    _tickers.append(ticker)


@worker_shutting_down.connect(weak=False)
@worker_shutdown.connect(weak=False)  # also when Celery gives up by itself
def finish(**_: Any) -> None:
    """Start nothing new: claims are given back, what is on the wire gets its result."""
    stop_ticker()
    delivery.wait_for_attempts(timeout=_FINISH_WITHIN_SECONDS)


def stop_ticker() -> None:
    """End the periodic work; running attempts go on."""
    delivery.stopping.set()
    while _tickers:
        _tickers.pop().stop()
