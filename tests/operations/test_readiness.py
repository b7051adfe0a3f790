from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.test import Client

from operations import pulse, readiness

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget() -> None:
    readiness.forget()


def answered(client: Client) -> tuple[int, dict[str, object]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_ready_with_worker_and_broker(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse.beat_of_worker()
    monkeypatch.setattr(pulse, "round_trip", lambda *, within: True)
    assert answered(client) == (200, {"ready": True, "database": "ok", "worker": "ok", "broker": "ok"})


def test_a_missing_worker_is_told_and_messages_are_still_taken(client: Client) -> None:
    status, body = answered(client)
    assert (status, body["ready"]) == (200, True)
    assert "wait" in str(body["worker"])
    assert "no round trip" in str(body["broker"])


def test_a_broker_nobody_answers_on_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse.beat_of_worker()
    monkeypatch.setattr(readiness, "_BROKER_ANSWERS_WITHIN", 0.05)
    status, body = answered(client)
    assert (status, body["worker"]) == (200, "ok")
    assert "no round trip" in str(body["broker"])


def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("operations.readiness.connection.cursor", refuse)
    assert answered(client) == (503, {"ready": False, "database": "does not answer"})
