from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from consent import ledger
from reports import dashboard
from reports.dashboard import MessageNumbers

NUMBER = "+14155550101"


def numbers() -> MessageNumbers:
    return dashboard.message_numbers(since=dashboard.start_of_today())


@pytest.mark.parametrize(
    ("states", "counted"),
    [
        ([], MessageNumbers()),
        (["queued", "claimed", "sending"], MessageNumbers(waiting=3)),
        (["accepted", "sent"], MessageNumbers(accepted=2)),
        (["delivered"], MessageNumbers(accepted=1, delivered=1)),
        (["undelivered", "failed", "expired"], MessageNumbers(accepted=1, failed=3)),
        (["unknown"], MessageNumbers(unknown=1)),
        (["suppressed", "suppressed"], MessageNumbers(suppressed=2)),
        (["cancelled", "quarantined"], MessageNumbers()),
    ],
)
def test_each_state_counts_where_it_belongs(message: Any, states: list[str], counted: MessageNumbers) -> None:
    for state in states:
        message(state)
    assert numbers() == counted


def test_today_begins_at_midnight_of_the_projects_zone(settings: Any, message: Any) -> None:
    settings.TIME_ZONE = "America/New_York"
    midnight = dt.datetime(2026, 3, 9, 4, 0, tzinfo=dt.UTC)  # the clocks went forward the day before
    with time_machine.travel(midnight + dt.timedelta(hours=5), tick=False):
        message("delivered", created_at=midnight - dt.timedelta(seconds=1))
        message("delivered", created_at=midnight)
        assert dashboard.start_of_today() == midnight
        assert numbers().delivered == 1


def test_opt_outs_of_today_are_counted(db: None) -> None:
    since = dashboard.start_of_today()
    ledger.record(msisdn=NUMBER, kind="opt_out", source="keyword", keyword="STOP")
    ledger.record(msisdn=NUMBER, kind="help", source="keyword", keyword="HELP")
    assert dashboard.opt_outs(since=since) == 1
    assert dashboard.opt_outs(since=timezone.now() + dt.timedelta(minutes=1)) == 0


def test_recent_messages_are_newest_first_and_masked(message: Any) -> None:
    for state in ("delivered", "failed", "queued"):
        message(state)
    recent = dashboard.recent_messages(limit=2)
    assert [line.state for line in recent] == ["queued", "failed"]
    assert NUMBER not in str(recent)
    assert recent[0].via == "alerts"


@pytest.mark.parametrize(
    ("state", "reason", "note"),
    [
        ("suppressed", "opted_out", "The recipient has opted out"),
        ("delivered", "report", ""),
        ("failed", "odd_new_reason", "odd_new_reason"),
        ("accepted", "", "No delivery reports configured"),
        ("delivered", "", ""),
    ],
)
def test_recent_messages_say_why(message: Any, state: str, reason: str, note: str) -> None:
    message(state, reason=reason)
    assert dashboard.recent_messages()[0].note == note


def test_accepted_needs_no_note_where_reports_arrive(message: Any, webhook: Any) -> None:
    message("accepted")
    assert dashboard.recent_messages()[0].note == ""
    webhook.endpoint.enabled = False
    webhook.endpoint.save()
    assert dashboard.recent_messages()[0].note == "No delivery reports configured"
