from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from messaging import wakeups
from messaging.wakeups import Publisher

WAIT = 30.0


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
    publisher.publish("other", lambda: (hangs.set(), goes_on.wait(WAIT)))
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
