"""Quiet hours and frequency caps at the gate, on whichever database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.vocabulary import Purpose
from messaging import caps, claiming, delivery, gate, pacing
from messaging.models import ChannelConfiguration, Message, Source
from messaging.states import State
from profiles.models import Profile
from tests.messaging.conftest import PROVIDER_URL
from tests.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]
BERLIN, LONDON = "+4915112345678", "+442079460000"
NIGHT = datetime(2026, 1, 5, 22, tzinfo=UTC)  # a Monday, 23:00 in Berlin


@pytest.fixture
def news(marketing: ChannelConfiguration) -> ChannelConfiguration:
    ChannelConfiguration.objects.update(require_opt_in=False)
    marketing.refresh_from_db()
    return marketing


@pytest.fixture
def quiet_now(news: ChannelConfiguration) -> ChannelConfiguration:
    """Quiet from an hour ago until two hours from now, by UTC."""
    moment = timezone.now()
    return setup(
        news,
        quiet_from=(moment - timedelta(hours=1)).time(),
        quiet_until=(moment + timedelta(hours=2)).time(),
    )


def setup(channel: ChannelConfiguration, **values: Any) -> ChannelConfiguration:
    for name, value in values.items():
        setattr(channel, name, value)
    channel.save()
    return channel


def in_utc(number: str) -> str:
    Profile.objects.create(msisdn=number, time_zone="UTC")
    return number


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def test_message_in_quiet_hours_waits_for_their_end_and_lives_that_much_longer(
    queue: Queue, quiet_now: ChannelConfiguration, provider: Any
) -> None:
    message = queue(channel=quiet_now, to=in_utc("+14155550101"))
    valid_until = message.valid_until
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.QUEUED, "quiet_hours")
    held = message.due_at - timezone.now()
    assert timedelta(hours=1, minutes=55) < held <= timedelta(hours=2)
    assert abs(message.valid_until - valid_until - held) < timedelta(minutes=1)
    assert [event.reason for event in message.events.all()] == ["", "", "quiet_hours"]
    assert len(provider.calls) == 0


def test_held_message_goes_out_when_its_time_has_come(
    queue: Queue, quiet_now: ChannelConfiguration, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "1"})
    message = queue(channel=quiet_now, to=in_utc("+14155550101"))
    delivery.drain(message.credential_id)
    setup(quiet_now, quiet_from=None, quiet_until=None)
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.ACCEPTED, "")


@pytest.mark.parametrize(
    ("purpose", "for_all", "source", "waits"),
    [
        (Purpose.MARKETING, False, Source.API, True),
        (Purpose.MARKETING, False, Source.ADMIN, True),
        (Purpose.TRANSACTIONAL, False, Source.API, False),
        (Purpose.TRANSACTIONAL, True, Source.API, True),
        (Purpose.ONE_TIME_CODE, True, Source.API, False),
        (Purpose.CONSENT_REPLY, True, Source.REPLY, False),
        (Purpose.TRANSACTIONAL, True, Source.TEST, False),
    ],
)
def test_who_keeps_quiet(
    purpose: Purpose,
    for_all: bool,
    source: Source,
    waits: bool,
    queue: Queue,
    quiet_now: ChannelConfiguration,
) -> None:
    setup(quiet_now, quiet_for_all=for_all)
    message = queue(channel=quiet_now, to=in_utc("+14155550101"), purpose=purpose, source=source)
    passed = gate.pass_gate(claiming.claim_one(message.id))
    assert (passed == []) is waits
    assert state_of(message)[1] == ("quiet_hours" if waits else "")


@pytest.mark.parametrize(
    ("profile_zone", "number", "expected"),
    [
        ("", BERLIN, datetime(2026, 1, 6, 7, tzinfo=UTC)),
        ("America/New_York", BERLIN, NIGHT),  # travelling: the profile wins
        ("", LONDON, datetime(2026, 1, 6, 8, tzinfo=UTC)),
        ("", "+881612345678", datetime(2026, 1, 6, 8, tzinfo=UTC)),  # nowhere: the gateway's own zone
        ("", "+18005550100", NIGHT),  # Guam gets up, Newfoundland has not gone to bed
    ],
)
def test_whose_clock_counts(
    profile_zone: str, number: str, expected: datetime, news: ChannelConfiguration, settings: Any
) -> None:
    settings.TIME_ZONE = "UTC"
    setup(news, quiet_from=time(21), quiet_until=time(8))
    news.refresh_from_db()
    quiet = pacing.QuietTimes(news, Purpose.MARKETING, NIGHT)
    assert quiet.end_for(number, profile_zone) == expected


def test_a_message_half_sent_is_completed_at_night(queue: Queue, quiet_now: ChannelConfiguration) -> None:
    message = queue(channel=quiet_now, to=in_utc("+14155550101"))
    Message.objects.update(provider_id="part-1")
    assert len(gate.pass_gate(claiming.claim_one(message.id))) == 1


def test_many_held_messages_cost_as_many_statements_as_one(
    queue: Queue, quiet_now: ChannelConfiguration
) -> None:
    counts = []
    for size in (2, 12):
        messages = [queue(channel=quiet_now, to=f"+14155{size:02d}01{index:02d}") for index in range(size)]
        Profile.objects.bulk_create([Profile(msisdn=message.msisdn, time_zone="UTC") for message in messages])
        claim = claiming.claim(credential_id=quiet_now.credential_id, limit=size)
        with CaptureQueriesContext(connection) as seen:
            assert gate.pass_gate(claim) == []
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert Message.objects.filter(state=State.QUEUED, reason="quiet_hours").count() == 14


def test_nothing_is_asked_while_no_channel_keeps_quiet_or_counts(
    queue: Queue, news: ChannelConfiguration, monkeypatch: Any
) -> None:
    message = queue(channel=news)
    monkeypatch.setattr(caps, "_lock", lambda _: pytest.fail("locked"))
    with CaptureQueriesContext(connection) as seen:
        assert pacing.held_back([Message.objects.select_related("channel").get(id=message.id)], NIGHT) == {}
    assert len(seen) == 1  # the message itself


def capped(news: ChannelConfiguration, count: int, **values: Any) -> ChannelConfiguration:
    return setup(news, cap_count=count, **values)


def sent(
    queue: Queue, channel: ChannelConfiguration, *, ago: timedelta, state: str = State.ACCEPTED
) -> Message:
    """A message that went out that long ago."""
    message = queue(channel=channel)
    steps = {State.ACCEPTED: [State.CLAIMED, State.SENDING], State.FAILED: [State.CLAIMED, State.SENDING]}
    for step in [*steps.get(State(state), [State.CLAIMED, State.SENDING]), state]:
        Message.objects.filter(id=message.id).update(state=step)
    Message.objects.filter(id=message.id).update(due_at=timezone.now() - ago)
    return message


def test_over_the_cap_waits_until_the_window_lets_it(queue: Queue, news: ChannelConfiguration) -> None:
    capped(news, 1)
    sent(queue, news, ago=timedelta(hours=23))
    message = queue(channel=news)
    valid_until = message.valid_until
    assert gate.pass_gate(claiming.claim_one(message.id)) == []
    assert state_of(message) == (State.QUEUED, "frequency_cap")
    assert timedelta(minutes=55) < message.due_at - timezone.now() < timedelta(minutes=65)
    assert message.valid_until == valid_until


def test_over_the_cap_is_dropped_where_the_channel_says_so(queue: Queue, news: ChannelConfiguration) -> None:
    capped(news, 1, cap_drops=True)
    sent(queue, news, ago=timedelta(hours=1))
    message = queue(channel=news)
    assert gate.pass_gate(claiming.claim_one(message.id)) == []
    assert state_of(message) == (State.SUPPRESSED, "frequency_cap")
    assert message.finished_at is not None


@pytest.mark.parametrize(
    ("values", "earlier", "passes"),
    [
        ({}, {"ago": timedelta(hours=25)}, True),
        ({"cap_window": "week"}, {"ago": timedelta(hours=25)}, False),
        ({"cap_window": "month"}, {"ago": timedelta(days=29)}, False),
        ({"cap_window": "month"}, {"ago": timedelta(days=31)}, True),
        ({}, {"ago": timedelta(hours=1), "state": State.UNKNOWN}, False),
        ({}, {"ago": timedelta(hours=1), "state": State.FAILED}, True),
        ({}, {"ago": timedelta(hours=30), "state": State.SENDING}, False),
        ({"cap_count": 2}, {"ago": timedelta(hours=1)}, True),
    ],
)
def test_what_counts(
    values: dict[str, Any], earlier: dict[str, Any], passes: bool, queue: Queue, news: ChannelConfiguration
) -> None:
    setup(news, **({"cap_count": 1} | values))
    sent(queue, news, **earlier)
    message = queue(channel=news)
    assert bool(gate.pass_gate(claiming.claim_one(message.id))) is passes


@pytest.mark.parametrize(("scope", "passes"), [("channel", True), ("all", False)])
def test_another_channel_counts_where_all_do(
    scope: str, passes: bool, queue: Queue, news: ChannelConfiguration
) -> None:
    capped(news, 1, cap_scope=scope)
    other = ChannelConfiguration.objects.get(pk=news.pk)
    other.pk, other.name = None, "other"
    other.id = ChannelConfiguration._meta.get_field("id").get_default()
    other._state.adding = True
    other.save()
    sent(queue, other, ago=timedelta(hours=1))
    message = queue(channel=news)
    assert bool(gate.pass_gate(claiming.claim_one(message.id))) is passes


def test_transactional_messages_neither_count_nor_wait(
    queue: Queue, news: ChannelConfiguration, channel: ChannelConfiguration
) -> None:
    capped(news, 1, cap_scope="all")
    sent(queue, channel, ago=timedelta(hours=1))
    first = queue(channel=news)
    assert len(gate.pass_gate(claiming.claim_one(first.id))) == 1
    second = queue(channel=channel)
    assert len(gate.pass_gate(claiming.claim_one(second.id))) == 1


def test_messages_of_one_batch_count_each_other(queue: Queue, news: ChannelConfiguration) -> None:
    capped(news, 2)
    messages = [queue(channel=news) for _ in range(5)]
    passed = gate.pass_gate(claiming.claim(credential_id=news.credential_id, limit=5))
    assert [item.message.id for item in passed] == [message.id for message in messages[:2]]
    assert {state_of(message) for message in messages[2:]} == {(State.QUEUED, "frequency_cap")}


def test_workers_at_the_same_moment_count_each_other(queue: Queue, news: ChannelConfiguration) -> None:
    capped(news, 1)
    for _ in range(8):
        queue(channel=news)
    claims = [claiming.claim(credential_id=news.credential_id, limit=1) for _ in range(8)]
    passed = run_together(lambda: gate.pass_gate(claims.pop()), times=8)
    assert sum(len(items) for items in passed) == 1


@pytest.mark.parametrize(
    ("hours_ago", "count", "hours_ahead"),
    [
        ([], 1, 0),
        ([1], 2, 0),
        ([1], 1, 23),
        ([1, 5], 2, 19),
        ([1, 5, 9], 2, 19),
        ([23, 25], 2, 0),
        ([24], 1, 0),
    ],
)
def test_free_again(hours_ago: list[int], count: int, hours_ahead: int) -> None:
    times = [NIGHT - timedelta(hours=hours) for hours in hours_ago]
    found = caps.free_again(times, count=count, window=timedelta(hours=24), moment=NIGHT)
    assert found == NIGHT + timedelta(hours=hours_ahead)
