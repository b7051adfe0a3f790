from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from messaging import results


class Away:
    """A database that refuses connections so many times."""

    in_atomic_block = False

    def __init__(self, times: int) -> None:
        self.times, self.asked, self.closed = times, 0, 0

    def close(self) -> None:
        self.closed += 1

    def ensure_connection(self) -> None:
        self.asked += 1
        if self.is_away:
            raise OperationalError("the database system is starting up")

    @property
    def is_away(self) -> bool:
        return self.asked <= self.times


@pytest.fixture(autouse=True)
def no_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results.breaker, "note", lambda some: None)


@pytest.mark.parametrize("times", [0, 1, 5])
def test_results_wait_for_a_database_that_is_away(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    database, written = Away(times), []

    def write(some: Any) -> None:
        if database.is_away:
            raise OperationalError("server closed the connection unexpectedly")
        written.extend(some)

    monkeypatch.setattr(results, "connection", database)
    monkeypatch.setattr(results, "write", write)
    monkeypatch.setattr(results, "_LOOK_EVERY", 0.0)
    results.write_surely(["one", "two"])  # type: ignore[list-item]
    assert (written, database.closed) == (["one", "two"], times + 1)


def test_results_wait_no_longer_than_their_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    database, clock = Away(10**9), iter(range(0, 10**6, 30))

    def write(some: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(results, "connection", database)
    monkeypatch.setattr(results, "write", write)
    monkeypatch.setattr(
        results, "time", SimpleNamespace(monotonic=lambda: float(next(clock)), sleep=lambda seconds: None)
    )
    monkeypatch.setattr(results, "_write_one", lambda result: None)
    results.write_surely(["one"])  # type: ignore[list-item]
    assert database.asked == 4  # looked at after 30, 60, 90 and 120 seconds
