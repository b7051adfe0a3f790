"""When a campaign goes out, told in words."""

from __future__ import annotations

from campaigns.models import Campaign, CampaignKind, When
from messaging.models.timing import DAYS

_HOW_OFTEN = {
    When.ONCE: "once",
    When.DAILY: "every day",
    When.WEEKLY: "every week on {days}",
    When.MONTHLY: "every month on day {day}",
}
_NAMES = dict(DAYS)


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
