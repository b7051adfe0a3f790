"""Server time of every list, search and look-up, and of the queries that move messages; each called several times.

Beside the wall clock, which also counts what else the machine does, it takes the processor time of this process and of
its database backend: that is judged. PostgreSQL works without parallel workers here, so none of its work is missed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from bench.scale import queue, screens
from bench.scale.sizes import print_sizes
from bench.targets import SMOKE, verdict

CALLS = 3 if SMOKE else 9
MOST_MS = 200.0


@dataclass(frozen=True)
class Figure:
    """What one case took, in milliseconds."""

    name: str
    wall: float
    p95: float
    processor: float
    database: float

    @property
    def is_slow(self) -> bool:
        """Whether it misses the target."""
        return self.processor > MOST_MS


def measure() -> int:
    """Print the tables; 0 when every case took less than MOST_MS of processor time at the median."""
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    figures = []
    print(f"{'':38} {'median ms':>9} {'p95 ms':>9} {'CPU ms':>9} {'of the database':>16}")
    for name, call in (*screens.cases(), *queue.cases()):
        figure = _measured(name, call, backend)
        figures.append(figure)
        mark = "  !" if figure.is_slow else ""
        print(
            f"{name:38} {figure.wall:9.1f} {figure.p95:9.1f} {figure.processor:9.1f} {figure.database:16.1f}{mark}",
            flush=True,
        )
    print_sizes()
    slow = [f"{figure.name} takes {figure.processor:.0f} ms" for figure in figures if figure.is_slow]
    return verdict(slow)


def _measured(name: str, call: Callable[[], None], backend: Path) -> Figure:
    call()
    walls, processor, database = [], [], []
    for _ in range(CALLS):
        started, ours, theirs = time.perf_counter(), time.process_time(), _spent(backend)
        call()
        walls.append((time.perf_counter() - started) * 1000)
        database.append(_spent(backend) - theirs)
        processor.append((time.process_time() - ours) * 1000 + database[-1])
    walls.sort()
    return Figure(
        name,
        statistics.median(walls),
        walls[round(0.95 * (len(walls) - 1))],
        statistics.median(processor),
        statistics.median(database),
    )


def _spent(backend: Path) -> float:
    """Milliseconds a process has spent on a processor."""
    return int(backend.read_text().split()[0]) / 1e6
