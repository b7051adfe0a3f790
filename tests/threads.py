"""Running a function in several threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def run_together(function: Callable[[], T], *, times: int) -> list[T]:
    """Results of `times` calls that start together, each in a thread with a database connection of its own."""
    barrier = threading.Barrier(times)

    def call() -> T:
        barrier.wait()
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return [future.result() for future in [threads.submit(call) for _ in range(times)]]
