"""When a campaign goes out, told in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime

from campaigns.models import Campaign, CampaignKind, CampaignRun, When
from messaging.models.timing import DAYS

_HOW_OFTEN = {
    When.ONCE: "once",
    When.DAILY: "every day",
    When.WEEKLY: "every week on {days}",
    When.MONTHLY: "every month on day {day}",
}
_NAMES = dict(DAYS)


@dataclass(frozen=True)
class Ran:
    """When the last run began and, if it is over, when it was through."""

    number: int
    began: datetime
    ended: datetime | None


def when_of(campaign: Campaign, last: Ran | None) -> str:
    """When it goes out or, of what has been started or is over, when it did."""
    if campaign.is_over:
        return _went_out(last)
    is_out = last is not None and last.ended is None
    words = f"since {_at(last.began)}" if last is not None and is_out else schedule_of(campaign)
    return f"{words}; next {_at(campaign.next_run_at)}" if campaign.next_run_at else words


def _went_out(last: Ran | None) -> str:
    if last is None:
        return "never went out"
    times = f"{last.number} times, last " if last.number > 1 else ""
    if last.ended is None:
        return f"{times}{_at(last.began)}"
    began, ended = _at(last.began), _at(last.ended)
    if began == ended:
        return f"{times}{began}"
    same_day, time_of_day = ended.split()[0] == began.split()[0], ended.split()[1]
    return f"{times}{began} to {time_of_day if same_day else ended}"


def _at(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}"


def ran(run: CampaignRun | None) -> Ran | None:
    """A run as it is told in words."""
    return Ran(run.number, run.started_at, run.finished_at) if run else None


def schedule_of(campaign: Campaign) -> str:
    """Such as "every week on Monday at 10:00, Europe/Berlin, until 2027-01-31"."""
    if campaign.kind == CampaignKind.TRIGGERED:
        return "whenever an application or a keyword asks for it"
    if campaign.when == When.NOW or campaign.start_time is None:
        return "as soon as somebody starts it"
    days = ", ".join(_NAMES[day] for day in campaign.weekdays)
    often = _HOW_OFTEN[When(campaign.when)].format(days=days, day=campaign.day_of_month)
    clock = "by each recipient's clock" if campaign.by_recipient_clock else campaign.time_zone
    on = (
        f" on {campaign.start_on:%Y-%m-%d}"
        if campaign.when == When.ONCE
        else f" from {campaign.start_on:%Y-%m-%d}"
    )
    until = f" until {campaign.ends_on:%Y-%m-%d}" if campaign.ends_on and campaign.when != When.ONCE else ""
    return f"{often} at {campaign.start_time:%H:%M}{on}{until}, {clock}"
