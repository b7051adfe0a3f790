"""The moments at which a campaign goes out. Pure: a plan in, moments out."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.scheduling.clocks import moment_of

# The zone whose day begins first: who goes by each recipient's clock has to begin there.
EARLIEST_ZONE = "Pacific/Kiritimati"
_DAY = timedelta(days=1)
# Farther ahead nobody looks: 29 February comes at the latest after eight years, but a month's last day stands in.
_DAYS_AHEAD = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """On which days, at what time; `repeat` is "once", "daily", "weekly" or "monthly". Monday is 0."""

    repeat: str
    start_on: date
    at: time
    zone: str
    by_recipient_clock: bool = False
    weekdays: frozenset[int] = frozenset()
    day_of_month: int = 1
    ends_on: date | None = None


_FITS: dict[str, Callable[[Plan, date], bool]] = {
    "once": lambda plan, day: day == plan.start_on,
    "daily": lambda plan, day: True,
    "weekly": lambda plan, day: day.weekday() in plan.weekdays,
    "monthly": lambda plan, day: (
        day.day == min(plan.day_of_month, calendar.monthrange(day.year, day.month)[1])
    ),
}


def begins(plan: Plan, day: date) -> datetime:
    """The moment the run of a day begins."""
    return moment_of(day, plan.at, EARLIEST_ZONE if plan.by_recipient_clock else plan.zone)


def day_of(plan: Plan, planned_at: datetime) -> date:
    """The day whose run begins at that moment."""
    return planned_at.astimezone(ZoneInfo(EARLIEST_ZONE if plan.by_recipient_clock else plan.zone)).date()


def next_after(plan: Plan, moment: datetime) -> datetime | None:
    """The first run that begins after `moment`; None: there is none."""
    return next((begin for day in _days(plan, moment) if (begin := begins(plan, day)) > moment), None)


def first_run(plan: Plan, moment: datetime) -> datetime | None:
    """The run to make of a plan that is set going at `moment`; None: its time is over.

    By each recipient's clock a day begins up to 26 hours before its time has come in the plan's own zone: what has
    begun in the east only is not over.
    """
    return next((begins(plan, day) for day in _days(plan, moment) if shown(plan, day) > moment), None)


def shown(plan: Plan, day: date) -> datetime:
    """The moment when clocks in the plan's own zone show its time on that day."""
    return moment_of(day, plan.at, plan.zone)


def latest_until(plan: Plan, first: datetime, moment: datetime) -> datetime:
    """Of the runs from `first` until `moment` the last: what was missed meanwhile is made up for once."""
    last, following = first, next_after(plan, first)
    while following is not None and following <= moment:
        last, following = following, next_after(plan, following)
    return last


def _days(plan: Plan, moment: datetime) -> Iterator[date]:
    day = max(plan.start_on, moment.date() - _DAY)
    last = day + timedelta(days=_DAYS_AHEAD) if plan.repeat != "once" else plan.start_on
    if plan.ends_on is not None:
        last = min(last, plan.ends_on)
    while day <= last:
        if _FITS[plan.repeat](plan, day):
            yield day
        day += _DAY
