"""Web processes stand in for workers where there are none: somebody must tell that nobody sends."""

from __future__ import annotations

from operations import pulse
from operations.alerting.evaluating import evaluate
from operations.alerting.telling import tell_due
from operations.periodic import Periodic, Ticker


def tell_that_nobody_works() -> None:
    """Judge alerts and tell them while no worker lives; nothing otherwise."""
    if not pulse.is_worker_alive():
        evaluate()
        tell_due()


def start() -> None:
    """Begin looking, in a thread of this web process."""
    Ticker((Periodic(tell_that_nobody_works, every=15.0),)).start()
