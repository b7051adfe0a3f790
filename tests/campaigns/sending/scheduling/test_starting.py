from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine

from campaigns import steps
from campaigns.findings import findings_on
from campaigns.models import Campaign, Recipient
from campaigns.running import advancing
from campaigns.scheduling import starting
from messaging.models import Message
from tests.campaigns.sending.conftest import leave

pytestmark = pytest.mark.django_db(transaction=True)
DAILY = {"when": "daily", "start_on": date(2026, 1, 5), "start_time": time(10), "time_zone": "Europe/Berlin"}


@pytest.fixture
def at(monkeypatch: Any) -> Any:
    """Sets the clock of this machine and of the database."""

    def at(*parts: int) -> None:
        moment = datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
        traveller.move_to(moment)
        for module in (steps, starting):
            monkeypatch.setattr(module, "database_now", lambda: moment)

    with time_machine.travel(datetime(2026, 1, 4, tzinfo=UTC), tick=False) as traveller:
        at(2026, 1, 4)
        yield at


def test_each_run_is_made_once(at: Any, campaign: Any) -> None:
    made = campaign(**DAILY)
    steps.start(campaign_id=made.id, actor="ada")
    made.refresh_from_db()
    assert (made.state, made.next_run_at) == ("scheduled", datetime(2026, 1, 5, 9, tzinfo=UTC))
    assert starting.start_due() == 0
    at(2026, 1, 5, 9)
    assert (starting.start_due(), starting.start_due()) == (1, 0)
    made.refresh_from_db()
    assert (made.state, made.next_run_at) == ("running", datetime(2026, 1, 6, 9, tzinfo=UTC))
    at(2026, 1, 8, 12)  # three days nobody looked
    assert (starting.start_due(), starting.start_due()) == (1, 0)
    assert list(made.runs.order_by("number").values_list("number", "planned_at")) == [
        (1, datetime(2026, 1, 5, 9, tzinfo=UTC)),
        (2, datetime(2026, 1, 8, 9, tzinfo=UTC)),
    ]


def test_after_a_run_it_waits_for_the_next_and_after_the_last_it_ends(at: Any, campaign: Any) -> None:
    made = campaign(**DAILY, ends_on=date(2026, 1, 6))
    steps.start(campaign_id=made.id, actor="ada")
    states = []
    for day in (5, 6):
        at(2026, 1, day, 9)
        starting.start_due()
        Recipient.objects.update(due_at=datetime(2026, 1, 1, tzinfo=UTC))
        for run in made.runs.filter(state="expanding"):
            while made.runs.get(id=run.id).state == "expanding":
                advancing.advance(run.id)
            while made.runs.get(id=run.id).state == "sending":
                advancing.advance(run.id)
                leave()
        made.refresh_from_db()
        states.append(made.state)
    assert states == ["scheduled", "finished"]
    assert Message.objects.count() == 6


def test_paused_it_starts_nothing_and_runs_missed_then_stay_missed(at: Any, campaign: Any) -> None:
    made = campaign(**DAILY)
    steps.start(campaign_id=made.id, actor="ada")
    steps.pause(campaign_id=made.id, actor="ada")
    at(2026, 1, 7, 12)
    assert starting.start_due() == 0
    resumed = steps.resume(campaign_id=made.id)
    assert (resumed.state, resumed.next_run_at) == ("scheduled", datetime(2026, 1, 8, 9, tzinfo=UTC))


def test_resumed_on_the_day_itself_the_run_of_the_day_is_made(at: Any, campaign: Any) -> None:
    made = campaign(**DAILY | {"by_recipient_clock": True})
    steps.start(campaign_id=made.id, actor="ada")
    steps.pause(campaign_id=made.id, actor="ada")
    at(2026, 1, 7, 5)  # it is the seventh for hours in the east, and nine o'clock has not come here
    resumed = steps.resume(campaign_id=made.id)
    assert resumed.next_run_at < datetime(2026, 1, 7, 5, tzinfo=UTC)
    assert starting.start_due() == 1
    steps.pause(campaign_id=made.id, actor="ada")
    again = steps.resume(campaign_id=made.id)
    assert again.next_run_at > datetime(2026, 1, 7, 5, tzinfo=UTC)


def test_an_audience_that_has_emptied_pauses_a_campaign_that_goes_out_once(at: Any, campaign: Any) -> None:
    made = campaign(**DAILY | {"when": "once"})
    steps.start(campaign_id=made.id, actor="ada")
    made.audience.members.all().delete()
    at(2026, 1, 5, 9)
    assert starting.start_due() == 0
    made.refresh_from_db()
    assert (made.state, "Nobody is in the audience" in made.problem) == ("paused", True)


def test_a_channel_that_was_switched_off_meanwhile_pauses_it(at: Any, campaign: Any, channel: Any) -> None:
    made = campaign(**DAILY)
    steps.start(campaign_id=made.id, actor="ada")
    channel.status = "draft"
    channel.save()
    at(2026, 1, 5, 9)
    assert starting.start_due() == 0
    made.refresh_from_db()
    assert made.state == "paused"
    assert "is a draft" in made.problem


def test_each_recipient_is_due_by_their_own_clock(at: Any, campaign: Any, people: Any) -> None:
    zones = ("Asia/Tokyo", "", "America/New_York")
    profiles = [person for zone in zones for person in people(1, time_zone=zone)]
    made = campaign(**DAILY | {"when": "once", "by_recipient_clock": True}, profiles=profiles)
    steps.start(campaign_id=made.id, actor="ada")
    at(2026, 1, 4, 21)
    assert starting.start_due() == 1
    advancing.advance(made.runs.get().id)
    assert list(Recipient.objects.order_by("msisdn").values_list("due_at", flat=True)) == [
        datetime(2026, 1, 5, 1, tzinfo=UTC),
        datetime(2026, 1, 5, 9, tzinfo=UTC),
        datetime(2026, 1, 5, 15, tzinfo=UTC),
    ]


def test_one_time_campaigns_end(at: Any, campaign: Any) -> None:
    made = campaign(**DAILY | {"when": "once"})
    steps.start(campaign_id=made.id, actor="ada")
    at(2026, 1, 5, 9)
    starting.start_due()
    assert Campaign.objects.get().next_run_at is None


@pytest.mark.parametrize("when", ["once", "daily"])
def test_the_evening_before_is_early_enough_for_tomorrow_morning_by_each_clock(
    when: str, at: Any, campaign: Any, people: Any
) -> None:
    """Tomorrow's ten o'clock has come in the east when America still has the whole night before it."""
    profiles = [person for zone in ("Asia/Tokyo", "America/New_York") for person in people(1, time_zone=zone)]
    of_schedule = DAILY | {"when": when, "by_recipient_clock": True, "time_zone": "America/New_York"}
    made = Campaign.objects.get(id=campaign(**of_schedule, profiles=profiles).id)
    at(2026, 1, 5, 2)  # 21:00 of 4 January in New York
    assert {found.code: found.stops for found in findings_on(made)} == {
        "opt_in_not_required": False,
        "over_somewhere": False,
    }
    steps.start(campaign_id=made.id, actor="ada")
    assert starting.start_due() == 1
    advancing.advance(made.runs.get().id)
    assert list(Recipient.objects.order_by("msisdn").values_list("due_at", flat=True)) == [
        datetime(2026, 1, 5, 1, tzinfo=UTC),
        datetime(2026, 1, 5, 15, tzinfo=UTC),
    ]
    following = {"once": None, "daily": datetime(2026, 1, 5, 20, tzinfo=UTC)}
    assert Campaign.objects.get().next_run_at == following[when]


def test_an_audience_that_has_grown_past_one_persons_decision_waits_for_a_second(
    at: Any, campaign: Any, people: Any, settings: Any
) -> None:
    settings.SMSGATEWAY_APPROVAL_ABOVE = 3
    made = campaign(**DAILY)
    assert steps.start(campaign_id=made.id, actor="ada").state == "scheduled"
    for person in people(1):
        made.audience.members.create(profile=person)
    at(2026, 1, 5, 9)
    for _ in range(2):
        assert starting.start_due() == 0
        made.refresh_from_db()
        assert (made.state, made.runs.count()) == ("paused", 0)
        assert "nobody else has approved it" in made.problem
        steps.resume(campaign_id=made.id)  # is no way round it
        Campaign.objects.update(next_run_at=datetime(2026, 1, 5, 9, tzinfo=UTC))
