"""A message that its route cannot carry leaves by the next one, and never when anything of it may have been taken."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.brief import forget_everything
from core.clock import now
from core.errors import ConnectionFailed
from core.vocabulary import FailureClass, Outcome, Purpose
from credentials.models import ApiCredential
from messaging import channels, claiming, delivery, gate, results
from messaging.models import (
    Breaker,
    BreakerState,
    ChannelConfiguration,
    Message,
    MessagePart,
    Route,
    SegmentPrice,
    SpendCounter,
    SpendLimit,
)
from messaging.parts import Sent
from messaging.results import Result
from messaging.routing import waiting
from messaging.routing.waiting import move_waiting
from messaging.states import State
from tests.messaging.conftest import PROVIDER_URL, result_of
from tests.messaging.routing.conftest import SECOND_URL

pytestmark = pytest.mark.django_db(transaction=True)
Queue = Callable[..., Message]
Make = Callable[..., Route]


@pytest.fixture(autouse=True)
def _looking_from_the_start() -> None:
    waiting._looked_at.clear()


@pytest.fixture
def two(route: Make, second: ApiCredential) -> None:
    route("Main")
    route("Backup", credential=second, senders="ACME")


def answered(message: Message, outcome: Outcome, **values: Any) -> Message:
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    results.write([result_of(passed, outcome, **values)])
    return Message.objects.get(pk=message.pk)


@pytest.mark.parametrize(
    ("outcome", "values", "purpose", "moves"),
    [
        (Outcome.FAILED, {"failure": FailureClass.CONFIGURATION}, "transactional", True),
        (Outcome.FAILED, {"failure": FailureClass.AUTH}, "transactional", True),
        (Outcome.FAILED, {"failure": FailureClass.CREDIT}, "transactional", True),
        (Outcome.FAILED, {"failure": FailureClass.SENDER}, "transactional", True),
        (Outcome.TEMPORARY, {"code": ConnectionFailed.code}, "transactional", True),
        (Outcome.FAILED, {"failure": FailureClass.INVALID_NUMBER}, "transactional", False),
        (Outcome.FAILED, {"failure": FailureClass.BLOCKED}, "transactional", False),
        (Outcome.FAILED, {"failure": FailureClass.CONTENT}, "transactional", False),
        (Outcome.TEMPORARY, {"failure": FailureClass.RATE}, "transactional", False),
        (Outcome.OPTED_OUT, {}, "transactional", False),
        (Outcome.UNKNOWN, {}, "transactional", False),
        (Outcome.UNKNOWN, {}, "one_time_code", False),
        (Outcome.ACCEPTED, {"provider_id": "p-1"}, "transactional", False),
    ],
)
def test_what_moves_a_message_on(
    queue: Queue, two: None, second: ApiCredential, outcome: Outcome, values: dict[str, Any], purpose: str,
    moves: bool,
) -> None:  # fmt: skip
    message = answered(queue(purpose=Purpose(purpose)), outcome, **values)
    last = message.events.last()
    if not moves:
        assert (message.route, last.reason == "rerouted") == ("Main", False)
        return
    assert (message.state, message.reason, message.route, message.sender, message.credential) == (
        State.QUEUED, "rerouted", "Backup", "ACME", second,
    )  # fmt: skip
    assert (last.before, last.after, last.reason) == ("sending", "queued", "rerouted")
    assert "Moved from route “Main” to “Backup”." in last.detail
    assert message.possible_duplicate is False


def test_a_refused_credential_is_paused_and_its_message_leaves_by_the_next_route(
    queue: Queue, two: None, credential: ApiCredential, second: ApiCredential, provider: Any
) -> None:
    provider.post(PROVIDER_URL, status=401)
    provider.post(SECOND_URL, json={"id": "p-2"})
    message = queue()
    delivery.deliver_one(message.id)
    credential.refresh_from_db()
    assert credential.paused_at is not None
    delivery.deliver_one(message.id)
    message.refresh_from_db()
    assert (message.state, message.route, message.credential) == (State.ACCEPTED, "Backup", second)
    assert list(message.attempts.values_list("number", "outcome")) == [(1, "failed"), (2, "accepted")]
    assert [event.after for event in message.events.all()] == [
        "queued", "claimed", "sending", "queued", "claimed", "sending", "accepted",
    ]  # fmt: skip


def test_tries_that_are_used_up_begin_anew_on_the_next_route_and_attempts_count_on(
    queue: Queue, two: None
) -> None:
    message = queue()
    Message.objects.filter(pk=message.pk).update(tries=7)
    message = answered(message, Outcome.TEMPORARY, failure=FailureClass.RATE)
    assert (message.route, message.tries, message.uncounted_tries) == ("Backup", 0, 8)
    message = answered(message, Outcome.TEMPORARY, failure=FailureClass.RATE)
    assert (message.route, message.state, message.tries) == ("Backup", State.QUEUED, 1)
    assert list(message.attempts.values_list("number", flat=True)) == [8, 9]


def test_routes_are_gone_down_and_never_round_in_a_circle(queue: Queue, two: None) -> None:
    message = answered(queue(), Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    message = answered(message, Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    assert (message.state, message.reason, message.route) == (State.FAILED, "configuration", "Backup")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"active": False},
        {"countries": "GB"},
        {"purposes": "marketing"},
        {"prefixes": "+44"},
    ],
)
def test_a_message_moves_only_to_a_route_that_fits_it(
    queue: Queue, route: Make, second: ApiCredential, spoilt: dict[str, Any]
) -> None:
    route("Main")
    route("Backup", credential=second, **spoilt)
    message = answered(queue(), Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    assert (message.state, message.route) == (State.FAILED, "Main")


def test_a_message_moves_to_no_route_from_which_the_channel_does_not_send_to_its_country(
    queue: Queue, route: Make, credential: ApiCredential, second: ApiCredential
) -> None:
    """The channel names no countries, so those of a route's senders count."""
    route("Main")
    route("Abroad", credential=second, senders="+447700900123")
    message = answered(queue(), Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    assert (message.state, message.route) == (State.FAILED, "Main")
    waits = queue()
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert move_waiting() == 0
    waits.refresh_from_db()
    assert (waits.state, waits.route) == (State.QUEUED, "Main")
    assert queue().route == "Main"  # waits for it, instead of being refused


def test_of_routes_that_share_the_other_ones_come_next_and_each_once(
    queue: Queue, route: Make, credential: ApiCredential, second: ApiCredential
) -> None:
    third = ApiCredential.objects.get(pk=second.pk)
    third.pk, third.name = uuid.uuid4(), "Third"
    third.save(force_insert=True)
    route("A", weight=50)
    route("B", credential=second, weight=50, senders="ACME")
    route("Last", credential=third, senders="ACME")
    for index in range(6):
        message = queue(to=f"+1415555010{index}")
        went = [message.route]
        for _ in range(3):
            message = answered(message, Outcome.FAILED, failure=FailureClass.CONFIGURATION)
            went.append(message.route)
        assert sorted(went[:2]) == ["A", "B"]
        assert (went[2:], message.state) == (["Last", "Last"], State.FAILED)
        type(credential).objects.update(paused_at=None)
        channels.forget()


def test_a_second_route_through_the_same_credential_is_no_way_out(queue: Queue, route: Make) -> None:
    route("Main")
    route("Same provider", senders="ACME")
    message = answered(queue(), Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    assert (message.state, message.route) == (State.FAILED, "Main")


def test_a_lost_answer_moves_a_code_on_only_where_the_channel_wants_it(
    queue: Queue, two: None, channel: ChannelConfiguration
) -> None:
    channel.codes_move_on = True
    channel.save()
    code = answered(queue(purpose=Purpose.ONE_TIME_CODE), Outcome.UNKNOWN)
    assert (code.state, code.route, code.possible_duplicate) == (State.QUEUED, "Backup", True)
    plain = answered(queue(), Outcome.UNKNOWN)
    assert (plain.state, plain.route, plain.possible_duplicate) == (State.UNKNOWN, "Main", False)
    sent = answered(code, Outcome.ACCEPTED, provider_id="p-2")
    assert (sent.state, sent.provider_id, sent.possible_duplicate) == (State.ACCEPTED, "p-2", True)


def test_a_message_with_an_accepted_part_stays_where_it_is(
    queue: Queue, two: None, credential: ApiCredential
) -> None:
    credential.max_length = 10
    credential.save()
    channels.forget()
    message = queue(text="first part second one")
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    first = result_of(passed, Outcome.ACCEPTED, provider_id="p-1").sent[0]
    refused = result_of(passed, Outcome.FAILED, failure=FailureClass.CONFIGURATION).sent[0]
    results.write([Result(passed, (first, Sent(2, None, refused.exchange)))])
    message.refresh_from_db()
    assert (message.state, message.route) == (State.FAILED, "Main")


@pytest.mark.parametrize(("before", "after"), [(10, None), (None, 10), (10, 12)])
def test_parts_are_cut_anew_as_the_next_route_wants_them(
    queue: Queue, two: None, credential: ApiCredential, second: ApiCredential, before: int | None,
    after: int | None,
) -> None:  # fmt: skip
    credential.max_length, second.max_length = before, after
    credential.save()
    second.save()
    channels.forget()
    message = queue(text="first part second one third part")
    count_before = message.parts.count()
    message = answered(message, Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    texts = list(MessagePart.objects.filter(message=message).order_by("number").values_list("text", "state"))
    assert message.part_count == len(texts) == (1 if after is None else 3)
    assert {state for _, state in texts} == {"waiting"}
    assert count_before == (1 if before is None else 3)
    assert " ".join(text.strip() for text, _ in texts) == (
        "" if after is None else "first part second one third part"
    )


def test_a_route_that_cannot_carry_the_text_is_passed_over(
    queue: Queue, two: None, second: ApiCredential
) -> None:
    second.max_length = 1
    second.save()
    channels.forget()
    message = answered(queue(text="x" * 150), Outcome.FAILED, failure=FailureClass.CONFIGURATION)
    assert (message.state, message.route) == (State.FAILED, "Main")


def test_what_waits_for_a_paused_credential_moves_on(
    queue: Queue, two: None, credential: ApiCredential, second: ApiCredential
) -> None:
    messages = [queue(to=f"+1415555010{index}") for index in range(3)]
    assert move_waiting() == 0
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert move_waiting() == 3
    for message in messages:
        message.refresh_from_db()
        assert (message.route, message.credential, message.state) == ("Backup", second, State.QUEUED)
        last = message.events.last()
        assert (last.before, last.after, last.reason) == ("queued", "queued", "rerouted")
        assert "“Main” to “Backup”" in last.detail
    assert move_waiting() == 0


def opened(credential: ApiCredential, *, probe_in: int) -> None:
    moment = now()
    Breaker.objects.update_or_create(
        pk=credential.pk,
        defaults={
            "state": BreakerState.OPEN,
            "failures": 5,
            "probe_at": moment + timedelta(seconds=probe_in),
        },
    )
    forget_everything()


def test_what_waits_for_an_open_breaker_moves_on_upwards_too(
    queue: Queue, two: None, credential: ApiCredential, second: ApiCredential
) -> None:
    opened(credential, probe_in=60)
    message = queue()
    assert message.route == "Backup"  # it was open when the message was accepted
    Breaker.objects.all().delete()
    opened(second, probe_in=60)
    assert move_waiting() == 1
    message.refresh_from_db()
    assert (message.route, message.credential) == ("Main", credential)


def test_what_quiet_hours_hold_keeps_its_time_and_its_life_by_the_other_way(
    queue: Queue, two: None, credential: ApiCredential
) -> None:
    message = queue()
    later = now() + timedelta(hours=9)
    Message.objects.filter(pk=message.pk).update(reason="quiet_hours", due_at=later, valid_until=later)
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert move_waiting() == 1
    message.refresh_from_db()
    assert (message.route, message.due_at, message.reason) == ("Backup", later, "quiet_hours")


def test_a_dearer_route_counts_for_limits_on_money(
    queue: Queue, two: None, credential: ApiCredential, second: ApiCredential
) -> None:
    SegmentPrice.objects.create(credential=credential, price="0.01")
    SegmentPrice.objects.create(credential=second, price="0.08")
    SpendLimit.objects.create(name="stop", scope="all", period="day", unit="money", amount=50)
    forget_everything()
    queue()
    assert SpendCounter.objects.get().used == 10_000
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert move_waiting() == 1
    assert SpendCounter.objects.get().used == 80_000


def test_a_breaker_that_may_probe_gets_messages_to_probe_with(
    queue: Queue, two: None, credential: ApiCredential
) -> None:
    opened(credential, probe_in=-1)
    assert queue().route == "Main"
    assert move_waiting() == 0


def test_what_no_other_route_fits_waits_and_does_not_hold_up_what_comes_after(
    queue: Queue,
    route: Make,
    credential: ApiCredential,
    second: ApiCredential,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "BATCH", 2)
    route("Main")
    route("Backup", credential=second, prefixes="+14155550199")
    stays = [queue(to=f"+1415555010{index}") for index in range(5)]
    goes = queue(to="+14155550199")
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert move_waiting() == 1
    goes.refresh_from_db()
    assert goes.route == "Backup"
    assert {Message.objects.get(pk=message.pk).route for message in stays} == {"Main"}


def test_a_message_that_was_begun_or_has_no_route_does_not_move(
    queue: Queue, credential: ApiCredential, route: Make, second: ApiCredential
) -> None:
    plain = queue()
    route("Main")
    route("Backup", credential=second)
    credential.max_length = 10
    credential.save()
    channels.forget()
    begun = queue(text="first part second one")
    MessagePart.objects.filter(message=begun, number=1).update(state="accepted")
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert move_waiting() == 0
    assert {message.credential_id for message in Message.objects.filter(pk__in=[plain.pk, begun.pk])} == {
        credential.pk
    }


def test_results_without_routes_cost_no_further_query(queue: Queue) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    (passed,) = gate.pass_gate(claiming.claim_one(queue().id))
    with CaptureQueriesContext(connection) as captured:
        results.write([result_of(passed, Outcome.FAILED, failure=FailureClass.CONFIGURATION)])
    assert [query["sql"] for query in captured if "route" in query["sql"] and "UPDATE" in query["sql"]] == []
    assert [query["sql"] for query in captured if "messaging_route" in query["sql"]] == []
