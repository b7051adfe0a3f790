"""Threads that send: every job ends once, and one that fails takes no other along."""

from __future__ import annotations

import threading
import time
from functools import partial

from messaging.crew import Crew


def test_every_job_is_done_once() -> None:
    crew: Crew[int] = Crew(4, name="test")
    done: list[int] = []

    for number in range(40):
        while not crew.free:
            done += crew.take(timeout=1.0)
        crew.start(partial(int, number))
    done += crew.take_all()

    assert sorted(done) == list(range(40))
    assert crew.busy == 0


def test_jobs_up_to_its_size_run_at_the_same_time() -> None:
    crew: Crew[int] = Crew(8, name="test")
    together = threading.Barrier(8, timeout=10)

    for _ in range(8):
        crew.start(together.wait)

    assert sorted(crew.take_all()) == list(range(8))


def test_threads_are_made_as_they_are_needed_and_kept() -> None:
    crew: Crew[str] = Crew(8, name="kept")

    seen = set()
    for _ in range(5):
        crew.start(lambda: threading.current_thread().name)
        seen.update(crew.take_all())

    assert seen == {"kept-1"}


def test_a_job_that_fails_frees_its_place_and_the_others_are_told(caplog: object) -> None:
    crew: Crew[int] = Crew(2, name="test")

    crew.start(lambda: 1 // 0)
    crew.start(lambda: 5)

    assert crew.take_all() == [5]
    assert crew.free == 2


def test_waiting_ends_with_its_time() -> None:
    crew: Crew[bool] = Crew(1, name="test")
    gate = threading.Event()
    crew.start(partial(gate.wait, 10))

    before = time.monotonic()
    assert crew.take(timeout=0.05) == []
    assert time.monotonic() - before < 5
    gate.set()
    assert crew.take_all() == [True]


def test_what_ends_within_a_moment_comes_together() -> None:
    crew: Crew[int] = Crew(3, name="test")
    for number in range(3):
        crew.start(partial(int, number))

    assert sorted(crew.take(timeout=5.0, gather=5.0)) == [0, 1, 2]
