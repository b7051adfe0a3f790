"""Threads that send: jobs in, results out, without an object for each that others may wait for.

A Future costs more than the thread's work with it, and waiting for many of them costs for each.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Done = TypeVar("Done")


class Crew(Generic[Done]):
    """At most `size` threads, made as they are needed; one owner gives jobs and takes what comes of them."""

    def __init__(self, size: int, *, name: str) -> None:
        self.size = size
        self.busy = 0  # jobs given whose end was not taken yet
        self._name = name
        self._threads = 0
        self._jobs: SimpleQueue[Callable[[], Done]] = SimpleQueue()
        self._ended: SimpleQueue[Done | None] = SimpleQueue()

    @property
    def free(self) -> int:
        """How many jobs can start at once."""
        return self.size - self.busy

    def start(self, job: Callable[[], Done]) -> None:
        """Have a free thread do it, at once."""
        self.busy += 1
        if self._threads < self.busy:
            self._threads += 1
            threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
        self._jobs.put(job)

    def take(self, *, timeout: float | None, gather: float = 0.0) -> list[Done]:
        """What ended: waits for the first at most `timeout` seconds, then `gather` seconds for more of them."""
        found: list[Done | None] = []
        until = time.monotonic() + (timeout or 0.0)
        pause = timeout
        while len(found) < self.busy:
            try:
                found.append(self._ended.get(timeout=pause))
            except Empty:
                break
            if len(found) == 1:
                until = time.monotonic() + gather
            pause = max(until - time.monotonic(), 0.0)
        self.busy -= len(found)
        return [one for one in found if one is not None]

    def take_all(self) -> list[Done]:
        """What comes of all jobs that were given, however long they take."""
        found: list[Done] = []
        while self.busy:
            found += self.take(timeout=None)
        return found

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            result: Done | None = None
            try:
                result = job()
            except Exception:
                # Its owner goes on with the others; the sweeper finds out what became of this one.
                logger.exception("A job of %s ended in an error", self._name)
            self._ended.put(result)
