"""Claim and gate in one transaction: what is let through, what is left alone, and the long way when it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from consent import ledger
from messaging import gate, taking
from messaging.models import Attempt, Message, SendHold
from messaging.states import PartState, State

Queue = Callable[..., Message]


def take(message: Message, limit: int = 10) -> taking.Taken:
    return taking.take(credential_id=message.credential_id, limit=limit)


def history(message: Message) -> list[tuple[str, str]]:
    return list(message.events.order_by("id").values_list("before", "after"))


@pytest.mark.django_db
def test_due_messages_are_on_the_wire_in_one_step_with_their_attempts_open(queue: Queue) -> None:
    first, second = queue(to="+14155550101"), queue(to="+14155550102")
    taken = take(first)
    assert taken.found == 2
    assert {passed.message.id for passed in taken.passed} == {first.id, second.id}
    first.refresh_from_db()
    assert (first.state, first.lease_token, first.tries) == (State.SENDING, taken.token, 1)
    assert history(first)[1:] == [("queued", "sending")]
    assert {part.state for part in first.parts.all()} == {PartState.SENDING}
    attempt_of = {passed.message.id: passed.attempt_id for passed in taken.passed}
    assert {one.pk: one.message_id for one in Attempt.objects.all()} == {
        attempt: message_id for message_id, attempt in attempt_of.items()
    }


@pytest.mark.django_db
def test_no_more_are_taken_than_asked_for_and_none_twice(queue: Queue) -> None:
    messages = [queue(to=f"+1415555010{number}") for number in range(3)]
    assert [len(take(messages[0], limit=2).passed) for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db
def test_an_opt_out_is_suppressed_and_the_others_go(queue: Queue) -> None:
    out, other = queue(to="+14155550101"), queue(to="+14155550102")
    ledger.record(msisdn="+14155550101", kind="opt_out", scope="all", source="api", reason="asked by phone")
    assert [passed.message.id for passed in take(other).passed] == [other.id]
    out.refresh_from_db()
    assert (out.state, out.lease_token) == (State.SUPPRESSED, None)


@pytest.mark.django_db
def test_a_hold_changes_nothing(queue: Queue) -> None:
    message = queue()
    SendHold.objects.create(reason="stop", placed_by="staff")
    assert take(message).passed == []
    message.refresh_from_db()
    assert (message.state, message.claims, len(history(message))) == (State.QUEUED, 0, 1)


@pytest.mark.django_db
def test_where_the_short_way_fails_messages_are_claimed_first(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, judge, calls = queue(), gate.judge, []

    def fail_once(*args: object) -> object:
        calls.append(args)
        if len(calls) == 1:
            raise RuntimeError("a message that cannot be judged")
        return judge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "judge", fail_once)
    assert len(take(message).passed) == 1
    assert history(message)[1:] == [("queued", "claimed"), ("claimed", "sending")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql  # SQLite has one writer at a time
def test_a_message_whose_subject_a_consent_write_holds_stays_queued_and_nobody_waits(queue: Queue) -> None:
    held, free = queue(to="+14155550101"), queue(to="+14155550102")
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            ledger.lock_subject(held.subject_id)
            locked.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert locked.wait(10)
        assert [passed.message.id for passed in take(free).passed] == [free.id]
    finally:
        done.set()
        thread.join()
    held.refresh_from_db()
    assert held.state == State.QUEUED
    assert [passed.message.id for passed in take(held).passed] == [held.id]


@pytest.mark.django_db
def test_the_database_lets_a_queued_message_onto_the_wire_only_under_a_lease(queue: Queue) -> None:
    message = queue()
    rows = Message.objects.filter(id=message.id)
    with pytest.raises(Exception, match="not allowed"), transaction.atomic():
        rows.update(state=State.SENDING)
    assert rows.update(state=State.SENDING, lease_token=message.id) == 1
