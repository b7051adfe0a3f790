"""One run: submit, kill, let everything come to rest, judge. What differs between runs is who is on stage."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.chaos import evidence
from bench.chaos.cast import Company
from bench.chaos.judge import Verdict, judge
from bench.chaos.monkey import Monkey
from bench.chaos.record import Kill, Run, read_log
from bench.chaos.scene import CHANNEL, TIMEOUT, Scene
from bench.chaos.submit import Application
from bench.chaos.tail import Tail

# Share of the messages that may wait at once, and how many at least: with more, most would leave after the last kill.
_BACKLOG, _LEAST_BACKLOG = 0.03, 60
_REST_WITHIN = 180.0
_SAY_EVERY = 10.0
_NOTHING_COMES = 15.0  # seconds; a database that crashes is back sooner
_NEVER_COME = 10


@dataclass(frozen=True)
class Plan:
    """How much of everything; `within` seconds the submitting and killing must be through."""

    seed: int
    messages: int
    kills: Mapping[str, int]
    within: float


class Seen:
    """How many messages are through: requests at the provider, and, where none comes any more, those that never will.

    A worker killed between the gate and the first byte leaves messages unknown that no provider ever sees.
    """

    def __init__(self, requests: Callable[[], int]) -> None:
        self._requests = requests
        self._last, self._moved_at, self._never = 0, time.monotonic(), 0

    def count(self) -> int:
        """Requests so far, and some more for each while without a new one."""
        requests = self._requests()
        if requests > self._last:
            self._last, self._moved_at = requests, time.monotonic()
        elif time.monotonic() - self._moved_at > _NOTHING_COMES:
            self._never, self._moved_at = self._never + _NEVER_COME, time.monotonic()
        return requests + self._never


def perform(plan: Plan, scene: Scene, company: Company, victims: Mapping[str, Callable[[], str]]) -> Verdict:
    """Do it all; AssertionError when it does not come to an end in time."""
    tail = Tail(scene.directory / "provider.log")
    backlog = max(round(plan.messages * _BACKLOG), _LEAST_BACKLOG)
    seen = Seen(tail.count)
    application = Application(
        port=scene.port, api_key=scene.api_key, channel=CHANNEL, seed=plan.seed, total=plan.messages,
        may_go=lambda index: index < seen.count() + backlog,
    )  # fmt: skip
    monkey = Monkey(
        seed=plan.seed, kills=plan.kills, victims=victims, keep_alive=company.revive,
        progress=lambda: seen.count() / plan.messages,
    )  # fmt: skip
    started = time.monotonic()
    application.start()
    monkey.start()
    try:
        _watch(plan, application, monkey, company, tail)
    finally:
        application.stop.set()
        monkey.stop.set()
    rest(scene, company)
    say(
        f"{len(application.accepted)} accepted after {application.retries} repeated requests, "
        f"{len(monkey.kills)} kills, {tail.count()} requests at the provider, {time.monotonic() - started:.0f} s"
    )
    for process in company.processes:
        if process.ended_alone:
            say(f"{process.role} ended by itself and was started again: {process.ended_alone} times")
    return judged(scene, application, monkey.kills)


def _watch(plan: Plan, application: Application, monkey: Monkey, company: Company, tail: Tail) -> None:
    deadline, say_at = time.monotonic() + plan.within, time.monotonic() + _SAY_EVERY
    while not (application.is_done and monkey.is_done):
        assert monkey.broke is None, f"the killing ended early: {monkey.broke!r}"
        assert time.monotonic() < deadline, (
            f"not through in {plan.within:g} s: {len(application.accepted)} accepted, {tail.count()} sent, "
            f"{len(monkey.kills)} of {monkey.planned} kills"
        )
        if time.monotonic() > say_at:
            say_at += _SAY_EVERY
            say(f"{len(application.accepted)} accepted, {tail.count()} sent, {len(monkey.kills)} kills")
        time.sleep(0.1)
    assert monkey.broke is None, f"the killing ended early: {monkey.broke!r}"


def rest(scene: Scene, company: Company) -> None:
    """Wait until nothing waits and nothing is on the wire; what is left then was not finished."""
    scene.enter()
    deadline = time.monotonic() + _REST_WITHIN
    while evidence.open_messages() and time.monotonic() < deadline:
        company.revive()
        time.sleep(0.5)


def judged(scene: Scene, application: Application, kills: Sequence[Kill]) -> Verdict:
    """Read what the provider saw and the database holds, and judge it."""
    from messaging.states import ALLOWED_PAIRS, AT_ONCE_PAIRS

    with (scene.directory / "provider.log").open(encoding="utf-8") as log:
        seen = read_log(log)
    told = [{"at": kill.at, "kind": kill.kind, "name": kill.name} for kill in kills]
    (scene.directory / "kills.json").write_text(json.dumps(told), encoding="utf-8")
    run = Run(application.accepted, evidence.rows(), seen, kills, TIMEOUT)
    verdict = judge(run, allowed=ALLOWED_PAIRS | AT_ONCE_PAIRS)
    verdict.lost += [f"refused: {what}" for what in application.refused]
    return verdict


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def conclude(verdict: Verdict, further: list[str] | None = None) -> int:
    """Print the figures and the last line; gives the exit code."""
    for line in verdict.lines():
        say(line)
    missed = [*verdict.missed, *(further or [])]
    say(f"targets: missed: {', '.join(missed)}" if missed else "targets: met")
    return 1 if missed else 0
