"""Wake-ups: the first goes out at once, a burst becomes few, the last is never left out, nobody waits."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from messaging import wakeups
from messaging.wakeups import Herald, bell_of

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


class Clock:
    now = 100.0
    sleep = staticmethod(time.sleep)

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wakeups, "time", clock)
    monkeypatch.setattr(wakeups, "_bells", {})
    return clock


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from messaging.tasks import drain

    sent: list[str] = []
    monkeypatch.setattr(drain, "delay", sent.append)
    return sent


@pytest.fixture
def herald(monkeypatch: pytest.MonkeyPatch) -> Herald:
    """One whose thread does not run: rounds are made by hand."""
    herald = Herald()
    monkeypatch.setattr(herald, "_start", lambda: None)
    return herald


def test_the_first_goes_out_and_a_burst_becomes_one_more(
    herald: Herald, clock: Clock, sent: list[str]
) -> None:
    herald.ask(ONE)
    herald.publish_due()
    for _ in range(100):
        herald.ask(ONE)
        herald.publish_due()
    assert sent == [str(ONE)]
    clock.now += 0.06
    herald.publish_due()
    herald.publish_due()
    assert sent == [str(ONE)] * 2


def test_a_credential_does_not_wait_for_another(herald: Herald, clock: Clock, sent: list[str]) -> None:
    herald.ask(ONE)
    herald.publish_due()
    herald.ask(OTHER)
    herald.publish_due()
    assert sent == [str(ONE), str(OTHER)]


def test_after_a_drain_began_here_the_next_goes_out_at_once(
    herald: Herald, clock: Clock, sent: list[str]
) -> None:
    herald.ask(ONE)
    herald.publish_due()
    bell_of(ONE).published_at = -1.0
    herald.ask(ONE)
    herald.publish_due()
    assert len(sent) == 2


def test_a_drain_of_this_process_is_rung_for_and_nothing_is_published(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def refuse(_: Any) -> None:
        raise AssertionError("published")

    monkeypatch.setattr(wakeups._herald, "ask", refuse)
    bell = bell_of(ONE)
    with bell.draining:
        wakeups.wake(ONE)
    assert bell.rung.is_set()


@pytest.mark.parametrize(
    "error", [OperationalError("down"), OSError("down"), ValueError("a bug of a client")]
)
def test_the_thread_outlives_a_broker_that_is_down(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, error: Exception
) -> None:
    from messaging.tasks import drain

    sent, done = [], threading.Event()

    def delay(credential_id: str) -> None:
        sent.append(credential_id)
        if len(sent) == 1:
            raise error
        done.set()

    monkeypatch.setattr(drain, "delay", delay)
    herald = Herald()
    herald.ask(ONE)
    herald.ask(OTHER)
    assert done.wait(10)
    assert set(sent) == {str(ONE), str(OTHER)}
