"""The kill switch against the clock: what passed the gate before a hold does not leave long after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from consent import ledger
from core.vocabulary import Purpose
from credentials.client import client_for
from messaging import attempting, claiming, gate, results
from messaging.attempting import NotStarted, _Permission
from messaging.models import Message, SendHold
from messaging.states import State
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]


def stop_all() -> None:
    SendHold.objects.create(reason="Fraud", placed_by="ada")


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def test_hold_placed_while_the_gate_waits_for_its_locks_lets_nothing_through(queue: Queue) -> None:
    message = queue()
    claim = claiming.claim_one(message.id)
    passed: list[list[Any]] = []

    def pass_gate() -> None:
        passed.append(gate.pass_gate(claim))
        connection.close()

    waiting = threading.Thread(target=pass_gate)
    with transaction.atomic():
        ledger.lock_subject(message.subject_id)  # on SQLite the transaction itself is the lock
        waiting.start()
        time.sleep(0.3)
        stop_all()
    waiting.join(20)
    assert passed == [[]]
    last = message.events.last()
    assert last is not None
    assert (last.after, last.reason) == (State.QUEUED, "send_hold")


def test_hold_placed_after_the_gate_stops_an_attempt_that_is_slow_to_start(
    queue: Queue, provider: Any, monkeypatch: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "1"})
    message = queue()
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    stop_all()
    monkeypatch.setattr(attempting, "HOLD_SEEN_SECONDS", -1.0)  # as if that long had passed
    results.write([attempting.attempt(client_for(message.credential_id), passed)])
    assert state_of(message) == (State.QUEUED, "send_hold")
    assert len(provider.calls) == 0
    assert message.attempts.get().outcome == "not_sent"


def test_attempt_that_starts_at_once_asks_no_second_time(
    queue: Queue, provider: Any, monkeypatch: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "1"})
    message = queue()
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    monkeypatch.setattr(attempting, "HOLD_SEEN_SECONDS", 60.0)
    monkeypatch.setattr(gate, "is_on_hold", lambda: pytest.fail("asked again"))
    results.write([attempting.attempt(client_for(message.credential_id), passed)])
    assert state_of(message)[0] == State.ACCEPTED


def test_second_request_of_a_consent_reply_obeys_the_hold(queue: Queue) -> None:
    message = queue(purpose=Purpose.CONSENT_REPLY)
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    permission = _Permission(passed, 1, ())
    permission()
    stop_all()
    with pytest.raises(NotStarted, match="send_hold"):
        permission()
