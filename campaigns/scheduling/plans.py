"""The schedule of a campaign as a plan."""

from __future__ import annotations

from campaigns.models import Campaign
from campaigns.scheduling.times import Plan
from messaging.models.timing import DAY_NUMBERS


def plan_of(campaign: Campaign) -> Plan:
    """The plan of a campaign that has a day and a time."""
    assert campaign.start_on is not None
    assert campaign.start_time is not None
    return Plan(
        repeat=campaign.when,
        start_on=campaign.start_on,
        at=campaign.start_time,
        zone=campaign.time_zone,
        by_recipient_clock=campaign.by_recipient_clock,
        weekdays=frozenset(DAY_NUMBERS[day] for day in campaign.weekdays),
        day_of_month=campaign.day_of_month or 1,
        ends_on=campaign.ends_on,
    )
