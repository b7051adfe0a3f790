"""What a Celery worker does besides tasks: the ticker starts with it and stops with it."""

from __future__ import annotations

import sys
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.db import DatabaseError

from core.errors import GatewayError
from messaging import delivery
from operations import installation
from operations.periodic import Ticker

_tickers: list[Ticker] = []
_FINISH_WITHIN_SECONDS = 25.0


@worker_init.connect(weak=False)
def refuse_wrong_keys(**_: Any) -> None:
    """A worker with keys of another installation would only harm: it ends with one line."""
    try:
        installation.verify()
    except (GatewayError, DatabaseError) as error:
        hint = error.text if isinstance(error, GatewayError) else f"{error}. Run manage.py migrate first."
        sys.stderr.write(f"smsgateway: {hint}\n")
        raise SystemExit(2) from error


@worker_ready.connect(weak=False)
def start_ticker(**_: Any) -> None:
    """Begin the periodic work once the worker consumes."""
    delivery.stopping.clear()
    ticker = Ticker()
    ticker.start()
    _tickers.append(ticker)


@worker_shutting_down.connect(weak=False)
def finish(**_: Any) -> None:
    """Start nothing new: claims are given back, what is on the wire gets its result."""
    stop_ticker()
    delivery.wait_for_attempts(timeout=_FINISH_WITHIN_SECONDS)


def stop_ticker() -> None:
    """End the periodic work; running attempts go on."""
    delivery.stopping.set()
    while _tickers:
        _tickers.pop().stop()
