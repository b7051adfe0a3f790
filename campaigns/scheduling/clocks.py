"""Times of the day in time zones where clocks are put forward and back. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def moment_of(day: date, at: time, zone: str) -> datetime:
    """The moment when clocks of a zone show that time, in UTC.

    A time that is skipped counts as much later as the clock was put forward (02:30 is 03:30); of one that comes twice
    the first counts.
    """
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def is_skipped(day: date, at: time, zone: str) -> bool:
    """Whether clocks of the zone never show that time on that day."""
    shown = moment_of(day, at, zone).astimezone(ZoneInfo(zone))
    return (shown.date(), shown.time()) != (day, at)


def comes_twice(day: date, at: time, zone: str) -> bool:
    """Whether clocks of the zone show that time twice on that day."""
    first = datetime.combine(day, at, tzinfo=ZoneInfo(zone))
    return not is_skipped(day, at, zone) and first.utcoffset() != first.replace(fold=1).utcoffset()
