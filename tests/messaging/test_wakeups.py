"""Wake-ups: the first goes out at once, a burst becomes few, the last is never left out, nobody waits."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable

import pytest

from messaging import wakeups
from messaging.wakeups import Bell, Publisher, bell_of

WAIT = 30.0


class Clock:
    now = 100.0
    sleep = staticmethod(time.sleep)

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wakeups, "time", clock)
    return clock


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> Publisher:
    """One whose thread does nothing: rounds are made by hand."""
    publisher = Publisher()
    monkeypatch.setattr(publisher, "_run", lambda: None)
    return publisher


def test_the_first_goes_out_and_a_burst_becomes_one_more(by_hand: Publisher, clock: Clock) -> None:
    sent: list[int] = []
    bell = Bell()
    for number in range(100):
        by_hand.publish("one", lambda number=number: sent.append(number), paced_by=bell)  # type: ignore[misc]
        by_hand.publish_due()
    assert sent == [0]
    clock.now += 0.06
    by_hand.publish_due()
    by_hand.publish_due()
    assert sent == [0, 99]


def test_a_credential_does_not_wait_for_another(by_hand: Publisher, clock: Clock) -> None:
    sent: list[str] = []
    one, other = Bell(), Bell()
    by_hand.publish("one", lambda: sent.append("one"), paced_by=one)
    by_hand.publish_due()
    by_hand.publish("one", lambda: sent.append("one"), paced_by=one)
    by_hand.publish("other", lambda: sent.append("other"), paced_by=other)
    by_hand.publish_due()
    assert sent == ["one", "other"]


def test_after_a_drain_began_here_the_next_goes_out_at_once(by_hand: Publisher, clock: Clock) -> None:
    sent: list[int] = []
    bell = Bell()
    for number in range(2):
        by_hand.publish("one", lambda number=number: sent.append(number), paced_by=bell)  # type: ignore[misc]
        by_hand.publish_due()
        bell.published_at = -1.0
    assert sent == [0, 1]


def test_a_drain_of_this_process_is_rung_for_and_nothing_is_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published: list[str] = []
    monkeypatch.setattr(wakeups.publisher, "publish", lambda name, *_, **__: published.append(name))
    credential_id = uuid.uuid4()
    with bell_of(credential_id).draining:
        wakeups.wake(credential_id)
    assert bell_of(credential_id).rung.is_set()
    assert published == []
    wakeups.wake(credential_id)
    assert published == [str(credential_id)]


def test_a_broker_that_hangs_holds_nobody_up() -> None:
    publisher, hangs, goes_on = Publisher(), threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        goes_on.wait(WAIT)

    sent = threading.Event()
    publisher.publish("first", hang)
    assert hangs.wait(WAIT)
    publisher.publish("second", sent.set)  # returns although the first still hangs
    assert not sent.is_set()
    goes_on.set()
    assert sent.wait(WAIT)


def test_wake_ups_of_one_name_that_wait_are_one() -> None:
    publisher, hangs, goes_on = Publisher(), threading.Event(), threading.Event()
    sent: list[int] = []
    done = threading.Event()

    def hang() -> None:
        hangs.set()
        goes_on.wait(WAIT)

    publisher.publish("other", hang)
    assert hangs.wait(WAIT)
    for number in range(3):
        publisher.publish("same", _noting(sent, number, done))
    goes_on.set()
    assert done.wait(WAIT)
    assert sent == [2]


def test_an_outage_is_said_once_and_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wakeups, "_REST_SECONDS", 0.0)
    publisher, tried = Publisher(), threading.Semaphore(0)

    def refuse() -> None:
        tried.release()
        raise ConnectionRefusedError("nobody there")

    with caplog.at_level(logging.WARNING, logger="messaging.wakeups"):
        for number in range(3):
            publisher.publish(f"refused {number}", refuse)
            assert tried.acquire(timeout=WAIT)
        sent = threading.Event()
        publisher.publish("back", sent.set)
        assert sent.wait(WAIT)
    assert [record.getMessage() for record in caplog.records] == [
        "No wake-ups can be sent, the ticker finds the messages: nobody there"
    ]


def test_a_thread_that_is_gone_is_replaced() -> None:
    publisher = Publisher()
    publisher._thread = threading.Thread(target=lambda: None)  # as after a fork: known and not running
    sent = threading.Event()
    publisher.publish("any", sent.set)
    assert sent.wait(WAIT)


def _noting(sent: list[int], number: int, done: threading.Event) -> Callable[[], None]:
    def note() -> None:
        sent.append(number)
        done.set()

    return note
