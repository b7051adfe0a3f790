from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Audience
from campaigns.preflight import look_ahead, sampling
from campaigns.preflight.finishing import finish_of
from consent.models import ConsentSubject
from messaging.models import Message, SegmentPrice
from messaging.quiet.hours import Quiet
from messaging.spending import prices
from tests.campaigns.sending.conftest import number

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
NIGHT = Quiet(begins=time(21), until=time(8))


def test_it_counts_by_reason_and_stores_nothing(
    campaign: Any, people: Any, opt_out: Any, channel: Any
) -> None:
    made = campaign(profiles=[*people(8), *people(2, attributes={})])
    opt_out(number(0))
    subjects = ConsentSubject.objects.count()
    SegmentPrice.objects.create(credential=channel.credential, country="US", price=Decimal("0.01"))
    prices.forget()
    found = look_ahead(made)
    assert (found.total, found.looked_at, found.messages, found.is_sampled) == (10, 10, 7, False)
    assert dict(found.excluded) == {"opted_out": 1, "missing_attribute": 2}
    assert (found.segments, found.unicode, found.cost) == ([1] * 7, 0, Decimal("0.07"))
    assert found.samples[0].text == "Hello Name1"
    assert {row.label: len(row.some) for row in found.exclusions} == {
        "Opted out": 1,
        "An attribute that the text needs is missing": 2,
    }
    assert number(1) not in found.samples[0].number
    assert (len(found.samples), found.may_start) == (5, True)
    assert (Message.objects.count(), ConsentSubject.objects.count()) == (0, subjects)


def test_a_large_audience_is_looked_at_in_places(campaign: Any, people: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sampling, "MOST", 40)
    made = campaign(profiles=[*people(100), *people(100, attributes={})])
    found = look_ahead(made)
    assert (found.total, found.is_sampled) == (200, True)
    assert 20 <= found.looked_at <= 40
    assert 60 <= found.messages <= 140
    assert found.messages + sum(row.count for row in found.exclusions) == pytest.approx(200, abs=1)


def test_a_text_that_stops_is_said_beforehand(campaign: Any, version: Any, people: Any) -> None:
    words = version("Hi {{ profile.firstName }}", missing_policy="stop")
    made = campaign(variants={"A": (words, 1)}, profiles=[*people(2), *people(1, attributes={})])
    found = look_ahead(made)
    assert (found.findings[0].code, found.may_start, found.reached) == ("text_stops", False, 2)


def test_an_empty_audience_stops(campaign: Any, audience: Any) -> None:
    made = campaign(audience=audience([]))
    assert look_ahead(made).findings[0].code == "audience_empty"


def test_few_among_very_many_are_looked_for_in_a_sample_and_may_not_be_seen(
    campaign: Any, monkeypatch: Any
) -> None:
    ages = {"all": [{"field": "attributes.firstName", "op": "starts_with", "value": "Name"}]}
    made = campaign(9, audience=Audience.objects.create(name="Named", filter=ages))
    monkeypatch.setattr(sampling, "within", lambda seconds, ask: None)
    found = look_ahead(made)
    assert (found.looked_at, found.reached, found.may_start) == (9, 9, True)
    monkeypatch.setattr(sampling, "sampled", lambda rows: (rows.none(), 1.0))
    found = look_ahead(made)
    assert (found.findings[0].code, found.may_start) == ("audience_unseen", True)


def test_a_broken_text_is_said_and_not_tried(campaign: Any) -> None:
    found = look_ahead(campaign(2, "Hi {{ profile."))
    assert (found.findings[0].code, found.samples) == ("text_invalid", [])


def test_it_costs_no_query_per_recipient(campaign: Any) -> None:
    costs = []
    for count in (5, 60):
        with CaptureQueriesContext(connection) as queries:
            assert look_ahead(campaign(count)).reached == count
        costs.append(len(queries))
    assert costs[1] <= costs[0] + 4


FINISHES = {
    "by the throttle": ({"count": 600, "per_second": 1.0, "quiet": None}, NINE + timedelta(minutes=10)),
    "never within a month": ({"count": 10**9, "per_second": 1.0, "quiet": None}, None),
    "within the day": ({"count": 3600, "per_second": 1.0, "quiet": NIGHT}, NINE + timedelta(hours=1)),
    "over night": (
        {"count": 3600 * 13, "per_second": 1.0, "quiet": NIGHT}, datetime(2026, 1, 6, 9, tzinfo=UTC),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), FINISHES.values(), ids=FINISHES)
def test_when_it_would_be_through(values: Any, expected: datetime | None) -> None:
    assert finish_of(start=NINE, zones=("UTC",), **values) == expected


@time_machine.travel(NINE.replace(hour=22), tick=False)
def test_without_a_limit_it_says_when_quiet_hours_let_it_begin(campaign: Any) -> None:
    campaign_of_three = campaign(3)
    channel = campaign_of_three.channel
    assert look_ahead(campaign_of_three).begin == NINE.replace(hour=22)
    channel.quiet_from, channel.quiet_until = time(0), time(23, 59)
    channel.save()
    found = look_ahead(campaign_of_three)
    assert (found.per_second, found.finish) == (None, None)
    assert found.begin is not None
    assert found.begin > NINE.replace(hour=22)


@time_machine.travel(NINE, tick=False)
def test_what_is_scheduled_is_through_after_its_time_and_not_after_now(campaign: Any) -> None:
    at = {"when": "once", "start_on": date(2026, 1, 9), "start_time": time(10), "time_zone": "Europe/Berlin"}
    found = look_ahead(campaign(3, per_minute=60, **at))
    assert found.finish == datetime(2026, 1, 9, 9, 0, 3, tzinfo=UTC)
    clocks = {"by_recipient_clock": True, "name": "by each clock"}
    assert look_ahead(campaign(3, per_minute=60, **at, **clocks)).finish == found.finish
