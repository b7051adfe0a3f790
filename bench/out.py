"""Messages out, from the first submission to the last request at the provider, beside Kannel in the same rounds.

Ours is all of it: granian, two workers, PostgreSQL with durable commits, Redis; authentication, the provider's request
rendered and signed, consent looked at under lock, attempts and history kept. Kannel takes each message by a request of
its own, which is the only way it has. CPU of the provider and of the submitter is not counted, though both share the
cores.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.http_load import run
from bench.kannel import is_installed, kannel
from bench.processes import cpu_seconds, memory_mib
from bench.provider import ask
from bench.sending import sending
from bench.targets import SMOKE, verdict
from tests.services import free_port, wait_for_port

ROUNDS = 1 if SMOKE else 3
IN_FLIGHT = 256
WARM_UP = 100 if SMOKE else 1_000
MOST_CPU, AIM_CPU = 1.1, 0.6


class System(Protocol):
    """What is measured."""

    name: str
    port: int
    pids: tuple[int, ...]

    def requests(self, numbers: list[str], each: int) -> list[bytes]:
        """What submits a message to each number, `each` in one request where the system can."""

    def settle(self, count: int) -> None:
        """Wait until `count` more messages are done with on the system's side."""


@dataclass(frozen=True)
class Run:
    """What one run gave."""

    rate: float  # messages per second
    cpu: float  # seconds for 1,000 messages
    memory: float  # MiB, the most seen


@dataclass
class Case:
    """A way to hand over messages, its targets beside Kannel, and its runs by system."""

    name: str
    delay: int  # milliseconds that the provider takes
    messages: int
    each: int
    least: float
    aim: float
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def median(self, system: str, figure: str) -> float:
        """Over the rounds; 0 when there were none."""
        return statistics.median([getattr(run, figure) for run in self.runs.get(system, [])] or [0.0])

    @property
    def ratio(self) -> float | None:
        """Ours beside Kannel's; None without Kannel."""
        theirs = self.median("Kannel", "rate")
        return self.median("ours", "rate") / theirs if theirs else None


CASES = (
    Case("100 a request, 0 ms", 0, 200 if SMOKE else 5_000, 100, 0.6, 1.0),
    Case("100 a request, 50 ms", 50, 200 if SMOKE else 5_000, 100, 0.4, 0.8),
    Case("1 a request, 0 ms", 0, 40 if SMOKE else 1_000, 1, 0.0, 0.25),
)


class Numbers:
    """Recipients, each used once."""

    def __init__(self) -> None:
        self.next = 14_155_000_000

    def take(self, count: int) -> list[str]:
        """So many new ones, without a plus."""
        self.next += count
        return [str(number) for number in range(self.next - count, self.next)]


def main() -> int:
    numbers = Numbers()
    with ExitStack() as stack:
        port = stack.enter_context(provider())
        own, other = (
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smsgateway-bench-"))) for _ in "ab"
        )
        systems: list[System] = [stack.enter_context(sending(own, provider=port, in_flight=IN_FLIGHT))]
        if is_installed():
            systems.append(stack.enter_context(kannel(other, provider=port, in_flight=IN_FLIGHT)))
        for system in systems:
            measure(system, Case("warm up", 0, WARM_UP, 100, 0, 0), port, numbers)
        for _ in range(ROUNDS):
            for case in CASES:
                for system in systems:
                    case.runs.setdefault(system.name, []).append(measure(system, case, port, numbers))
    return report()


@contextmanager
def provider() -> Iterator[int]:
    """The provider in a process of its own; gives its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.provider", str(port)])
    try:
        wait_for_port(port)
        yield port
    finally:
        process.kill()
        process.wait(timeout=10)


def measure(system: System, case: Case, port: int, numbers: Numbers) -> Run:
    """One run: everything arrives once and is accepted, or this raises."""
    wanted = numbers.take(case.messages)
    requests = system.requests(wanted, case.each)
    ask(port, f"reset?delay={case.delay}")
    began, cpu = time.perf_counter(), cpu_seconds(system.pids)
    run(system.port, requests, connections=4 if len(requests) < len(wanted) else 16, status=202)
    memory = 0.0
    while (seen := ask(port, "seen"))["count"] < len(wanted):
        assert time.perf_counter() - began < 120, f"{seen['count']} of {len(wanted)} messages arrived"
        memory = max(memory, memory_mib(system.pids))
        time.sleep(0.2)
    system.settle(len(wanted))
    used, memory = cpu_seconds(system.pids) - cpu, max(memory, memory_mib(system.pids))
    wrong = Counter(wanted)
    wrong.subtract(ask(port, "numbers"))
    assert not any(wrong.values()), (
        f"not each arrived once: {[pair for pair in wrong.items() if pair[1]][:5]}"
    )
    return Run(len(wanted) / (seen["last"] - began), used / len(wanted) * 1000, memory)


def report() -> int:
    """Print the figures; 0 when every target is met."""
    print(f"{'':22}   msg/s  Kannel  ratio  must   aim CPU s/1,000  Kannel    MiB  Kannel")
    missed = []
    for case in CASES:
        ratio = case.ratio
        figures = [
            [case.median(name, figure) for name in ("ours", "Kannel")] for figure in ("rate", "cpu", "memory")
        ]
        (rate, theirs), (cpu, their_cpu), (memory, their_memory) = figures
        print(
            f"{case.name:22} {rate:7.0f} {theirs:7.0f} {'none' if ratio is None else f'{ratio:.2f}':>6}  "
            f"{case.least:.1f}  {case.aim:4.2f} {cpu:11.2f} {their_cpu:7.2f} {memory:6.0f} {their_memory:7.0f}"
        )
        if case.each > 1:
            missed += misses(case, ratio, cpu)
    print("every message arrived once and was accepted")
    return verdict(missed)


def misses(case: Case, ratio: float | None, cpu: float) -> list[str]:
    """What a case does not reach."""
    found = []
    if ratio is None:
        found.append(f"{case.name}: Kannel is not installed (Debian: apt-get install kannel)")
    elif ratio < case.least:
        found.append(f"{case.name}: {ratio:.2f} of Kannel, not {case.least}")
    if cpu > MOST_CPU:
        found.append(f"{case.name}: {cpu:.2f} CPU seconds for 1,000 messages, not {MOST_CPU}")
    return found


if __name__ == "__main__":
    sys.exit(main())
