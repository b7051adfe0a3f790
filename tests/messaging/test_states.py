from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, transaction

from messaging.models import Message, MessageEvent
from messaging.states import FINAL, TRANSITIONS, PartState, State, message_state_of


def test_every_state_has_its_row_in_the_table() -> None:
    assert set(TRANSITIONS) == set(State)


def test_no_final_state_has_a_way_on() -> None:
    assert {
        State.DELIVERED,
        State.UNDELIVERED,
        State.SUPPRESSED,
        State.CANCELLED,
        State.FAILED,
        State.EXPIRED,
    } == FINAL


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["delivered"], State.DELIVERED),
        (["delivered", "accepted"], State.ACCEPTED),
        (["delivered", "sent"], State.SENT),
        (["delivered", "undelivered"], State.UNDELIVERED),
        (["accepted", "expired"], State.EXPIRED),
        (["delivered", "delivered"], State.DELIVERED),
        (["delivered", "failed"], State.FAILED),
        (["delivered", "unknown"], State.UNKNOWN),
        (["delivered", "waiting"], State.UNKNOWN),
        (["undelivered", "waiting"], State.UNDELIVERED),
    ],
)
def test_parts_decide_the_message(parts: list[str], expected: State) -> None:
    assert message_state_of([PartState(part) for part in parts]) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ([], "delivered"),
        ([], "sending"),
        (["claimed", "sending", "accepted"], "queued"),
        (["claimed", "sending", "accepted", "delivered"], "sent"),
        (["suppressed"], "queued"),
        (["cancelled"], "queued"),
    ],
)
def test_database_refuses_changes_outside_the_table(
    queue: Callable[..., Message], path: list[str], refused: str
) -> None:
    message = queue()
    for state in path:
        Message.objects.filter(id=message.id).update(state=state)
    with pytest.raises(DatabaseError, match="not allowed"), transaction.atomic():
        Message.objects.filter(id=message.id).update(state=refused)


@pytest.mark.django_db
def test_database_refuses_to_change_history(queue: Callable[..., Message]) -> None:
    queue()
    table = MessageEvent._meta.db_table
    from django.db import connection

    for sql in (f"UPDATE {table} SET after = 'failed'", f"DELETE FROM {table}"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
