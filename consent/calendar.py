"""Business days: Monday to Friday in the gateway's time zone. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

_SATURDAY = 5


def after_business_days(moment: datetime, days: int, *, zone: tzinfo) -> datetime:
    """The same time of day, `days` business days later; the first one is the next Monday-to-Friday day."""
    local = moment.astimezone(zone)
    day = local.date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    # A new wall-clock time, not a sum: a change to summer time in between moves nothing.
    return datetime.combine(day, local.time(), tzinfo=zone)
