"""Lost answers: what channels' rules and staff make of them; accepted parts are never sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.vocabulary import Purpose
from messaging import staff
from messaging.models import ChannelConfiguration, Message, MessagePart
from messaging.states import PartState, State
from messaging.sweeping import sweep
from messaging.unknowns import Order, order_of

pytestmark = pytest.mark.django_db

Queue = Callable[..., Message]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def unknown(queue: Queue, *, ago: timedelta = timedelta(), **values: Any) -> Message:
    """A message whose answer was lost that long ago."""
    message = queue(**values)
    for state in (State.CLAIMED, State.SENDING, State.UNKNOWN):
        Message.objects.filter(id=message.id).update(state=state, due_at=timezone.now() - ago)
    message.parts.update(state=PartState.UNKNOWN)
    message.refresh_from_db()
    return message


def rule(channel: ChannelConfiguration, **values: Any) -> None:
    ChannelConfiguration.objects.filter(pk=channel.pk).update(**values)


@pytest.mark.parametrize(
    ("name", "is_code", "expected"),
    [
        ("hold", False, None),
        ("hold", True, None),
        ("resend", False, Order("resend", 5 * MINUTE, once=True)),
        ("resend", True, Order("resend", MINUTE / 2, once=True)),
        ("fail", False, Order("mark_failed", 6 * HOUR)),
        ("fail", True, Order("mark_failed", 6 * HOUR)),
    ],
)
def test_order_of(name: str, is_code: bool, expected: Order | None) -> None:
    assert order_of(name, is_code=is_code, hours=6) == expected


@pytest.mark.parametrize(
    ("rules", "purpose", "ago", "state"),
    [
        ({}, Purpose.TRANSACTIONAL, 100 * HOUR, State.UNKNOWN),
        ({"when_unknown": "resend"}, Purpose.TRANSACTIONAL, 4 * MINUTE, State.UNKNOWN),
        ({"when_unknown": "resend"}, Purpose.TRANSACTIONAL, 6 * MINUTE, State.QUEUED),
        ({"when_unknown": "resend"}, Purpose.ONE_TIME_CODE, 6 * MINUTE, State.UNKNOWN),
        ({"when_unknown_code": "resend"}, Purpose.ONE_TIME_CODE, MINUTE, State.QUEUED),
        ({"when_unknown_code": "resend"}, Purpose.TRANSACTIONAL, 6 * MINUTE, State.UNKNOWN),
        ({"when_unknown": "fail", "unknown_hours": 2}, Purpose.TRANSACTIONAL, HOUR, State.UNKNOWN),
        ({"when_unknown": "fail", "unknown_hours": 2}, Purpose.TRANSACTIONAL, 3 * HOUR, State.FAILED),
    ],
)
def test_what_a_rule_does(
    rules: dict[str, Any],
    purpose: Purpose,
    ago: timedelta,
    state: State,
    queue: Queue,
    channel: ChannelConfiguration,
) -> None:
    rule(channel, **rules)
    message = unknown(queue, ago=ago, purpose=purpose)
    sweep()
    message.refresh_from_db()
    assert message.state == state
    assert message.possible_duplicate is (state == State.QUEUED)
    last = message.events.last()
    assert last is not None
    assert (last.reason, last.actor) == (("", "api") if state == State.UNKNOWN else ("by_rule", "channel"))


def test_a_rule_sends_again_once_and_never_past_the_validity(
    queue: Queue, channel: ChannelConfiguration
) -> None:
    rule(channel, when_unknown="resend")
    again, over = unknown(queue, ago=6 * MINUTE), unknown(queue, ago=6 * MINUTE)
    valid_until = again.valid_until
    Message.objects.filter(id=over.id).update(valid_until=timezone.now() - MINUTE)
    sweep()
    again.refresh_from_db()
    over.refresh_from_db()
    assert (again.state, again.valid_until, over.state) == (State.QUEUED, valid_until, State.UNKNOWN)
    for state in (State.CLAIMED, State.SENDING, State.UNKNOWN):
        Message.objects.filter(id=again.id).update(state=state, due_at=timezone.now() - HOUR)
    sweep()
    again.refresh_from_db()
    assert again.state == State.UNKNOWN


@pytest.mark.parametrize(
    ("step", "state", "parts"),
    [
        ("resend", State.QUEUED, ["accepted", "waiting", "waiting"]),
        ("mark_failed", State.FAILED, ["accepted", "unknown", "waiting"]),
        ("mark_accepted", State.UNKNOWN, ["accepted", "unknown", "waiting"]),  # a part was never sent
        ("mark_delivered", State.UNKNOWN, ["accepted", "unknown", "waiting"]),
    ],
)
def test_parts_follow_what_staff_decide(step: str, state: State, parts: list[str], queue: Queue) -> None:
    message = unknown(queue)
    message.parts.update(state=PartState.ACCEPTED)
    for number, part in ((2, PartState.UNKNOWN), (3, PartState.WAITING)):
        MessagePart.objects.create(message=message, number=number, state=part)
    assert staff.take(step, [message], actor="ada", why="Asked them") == (state != State.UNKNOWN)
    message.refresh_from_db()
    assert (message.state, [part.state for part in message.parts.all()]) == (state, parts)


@pytest.mark.parametrize(
    ("step", "part", "is_final"),
    [("mark_accepted", "accepted", False), ("mark_delivered", "delivered", True)],
)
def test_staff_say_that_the_provider_has_it(step: str, part: str, is_final: bool, queue: Queue) -> None:
    message = unknown(queue)
    assert staff.take(step, [message], actor="ada", why="Their log shows it") == 1
    message.refresh_from_db()
    assert (message.state, message.parts.get().state) == (part, part)
    assert message.accepted_at is not None
    assert (message.finished_at is not None) is is_final
    last = message.events.last()
    assert last is not None
    assert (last.reason, last.actor) == ("by_staff", "ada")
    assert last.detail.endswith(": Their log shows it")
