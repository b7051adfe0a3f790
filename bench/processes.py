"""What process trees cost: CPU seconds with those of ended children, and memory counted once however many share it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> list[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                children[int(_stat(int(entry.name))[1])].append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children[one]
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of the trees so far, ended and waited-for children included."""
    ticks = 0
    for one in tree(roots):
        with suppress(OSError):
            ticks += sum(map(int, _stat(one)[11:15]))
    return ticks / _TICK


def memory_mib(roots: Iterable[int]) -> float:
    """Proportional set size of the trees, in MiB."""
    kib = 0
    for one in tree(roots):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib / 1024


def _stat(pid: int) -> list[str]:
    """The fields after the name, from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
