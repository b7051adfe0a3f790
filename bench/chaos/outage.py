"""`make chaos-redis`: Redis is emptied again and again, hangs, and is gone for a while; nobody waits for it."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT

from bench.chaos.cast import Company, listens, wait_for
from bench.chaos.play import conclude, judged, rest, say
from bench.chaos.record import Accepted, Seen, read_log
from bench.chaos.scene import CHANNEL
from bench.chaos.stage import Production, on_stage
from bench.chaos.submit import Application

FLUSH_EVERY = 2.0
# Seconds. An accept may take so long at its p99, in every phase; so long after Redis is back, or after it was accepted
# where Redis is there, the provider has a message.
MOST_P99 = 3.0
MOST_DELAY = 10.0


@dataclass(frozen=True)
class Size:
    """Seconds of each phase, and messages a second."""

    flushing: float
    hanging: float
    gone: float
    after: float
    rate: float

    @property
    def messages(self) -> int:
        """In all."""
        return int((self.flushing + self.hanging + self.gone + self.after) * self.rate)


FULL = Size(flushing=40, hanging=30, gone=60, after=10, rate=20)
SHORT = Size(flushing=6, hanging=8, gone=8, after=2, rate=10)


@dataclass
class Phase:
    """A stretch of time and what was wrong with Redis in it."""

    name: str
    began: float
    ended: float = 0.0

    def holds(self, moment: float) -> bool:
        """Whether it was going on then."""
        return self.began <= moment < self.ended


class Calendar:
    """The phases of a run, in order."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What happens inside belongs to it."""
        self.phases.append(Phase(name, time.time()))
        yield
        self.phases[-1].ended = time.time()


def main(size: Size) -> int:
    """Set the stage, do it to Redis, judge."""

    def play(directory: Path, company: Company) -> int:
        stage = Production(directory, company, seed=40, workers=1)
        calendar, began = Calendar(), time.monotonic()
        application = Application(
            port=stage.scene.port, api_key=stage.scene.api_key, channel=CHANNEL, seed=40, total=size.messages,
            may_go=lambda index: index < (time.monotonic() - began) * size.rate,
        )  # fmt: skip
        application.start()
        spoil(stage, size, calendar)
        wait_for(lambda: application.is_done, within=120, otherwise="the application did not get through")
        rest(stage.scene, company)
        verdict = judged(stage.scene, application, [])
        with (directory / "provider.log").open(encoding="utf-8") as log:
            missed = measured(calendar.phases, application, read_log(log))
        return conclude(verdict, missed)

    return on_stage(play)


def spoil(stage: Production, size: Size, calendar: Calendar) -> None:
    """One phase after the other."""
    port = int(stage.scene.settings["REDIS_URL"].split(":")[2].split("/")[0])
    with calendar.phase("emptied every 2 s"):
        for _ in range(int(size.flushing / FLUSH_EVERY)):
            time.sleep(FLUSH_EVERY)
            flush(port)
    with calendar.phase("hangs"):
        stage.redis.pause()
        time.sleep(size.hanging)
        stage.redis.pause(SIGCONT)
    with calendar.phase("gone"):
        stage.redis.kill()
        time.sleep(size.gone)
        stage.redis.start()
        wait_for(lambda: listens(port), within=30, otherwise="Redis did not start")
    with calendar.phase("back"):
        time.sleep(size.after)


def flush(port: int) -> None:
    """FLUSHALL, as whoever types it into the wrong terminal."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(b"FLUSHALL\r\n")
        assert link.recv(100).startswith(b"+OK")


def measured(phases: Sequence[Phase], application: Application, seen: Sequence[Seen]) -> list[str]:
    """Print the figures of every phase; what missed its target."""
    arrived: dict[str, float] = {}
    for item in seen:
        arrived.setdefault(item.text, item.at)
    missed = []
    for phase in phases:
        accepts = [seconds for began, seconds in application.latencies if phase.holds(began)]
        accepted = [one for one in application.accepted if phase.holds(one.at)]
        delays = [arrived.get(one.text, float("inf")) - one.at for one in accepted]
        late = [one for one in accepted if arrived.get(one.text, float("inf")) > due(one, phase)]
        p99 = share(accepts, 0.99)
        say(
            f"Redis {phase.name}: {len(accepted)} accepted, accept p50 {share(accepts, 0.5):.3f} s, p99 {p99:.3f} s; "
            f"to the provider p50 {share(delays, 0.5):.2f} s, p99 {share(delays, 0.99):.2f} s"
        )
        if p99 > MOST_P99:
            missed.append(f"accept p99 {p99:.1f} s while Redis {phase.name}")
        if late:
            missed.append(
                f"{len(late)} messages over {MOST_DELAY:g} s late, accepted while Redis {phase.name}"
            )
    return missed


def due(one: Accepted, phase: Phase) -> float:
    """When the provider must have it at the latest: counted from Redis' return where it was away."""
    return (phase.ended if phase.name in ("hangs", "gone") else one.at) + MOST_DELAY


def share(values: Sequence[float], of: float) -> float:
    """The value that so many stay under; 0 without any."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * of), len(ordered) - 1)] if ordered else 0.0


if __name__ == "__main__":
    sys.exit(main(SHORT if "--short" in sys.argv else FULL))
