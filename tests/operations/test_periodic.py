from __future__ import annotations

import threading
import time

from operations.periodic import Periodic, Ticker


def test_ticker_runs_its_functions_until_stopped() -> None:
    runs: list[float] = []
    enough = threading.Event()

    def work() -> None:
        runs.append(time.monotonic())
        if len(runs) == 3:
            enough.set()

    ticker = Ticker((Periodic(work, every=0.01),))
    ticker.start()
    assert enough.wait(5)
    ticker.stop()
    count = len(runs)
    time.sleep(0.05)
    assert len(runs) == count


def test_a_failing_round_does_not_end_the_ticker() -> None:
    runs: list[int] = []
    enough = threading.Event()

    def work() -> None:
        runs.append(1)
        if len(runs) == 2:
            enough.set()
        raise RuntimeError("one bad round")

    ticker = Ticker((Periodic(work, every=0.01),))
    ticker.start()
    assert enough.wait(5)
    ticker.stop()
