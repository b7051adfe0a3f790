"""What a Celery worker does besides tasks: the ticker starts with it and stops with it."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutting_down

from messaging import delivery
from operations.periodic import Ticker

_tickers: list[Ticker] = []


@worker_ready.connect(weak=False)
def start_ticker(**_: Any) -> None:
    """Begin the periodic work once the worker consumes."""
    delivery.stopping.clear()
    ticker = Ticker()
    ticker.start()
    _tickers.append(ticker)


@worker_shutting_down.connect(weak=False)
def stop_ticker(**_: Any) -> None:
    """Start nothing new: claims are given back, what is on the wire gets its result."""
    delivery.stopping.set()
    while _tickers:
        _tickers.pop().stop()
