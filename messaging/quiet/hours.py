"""The quiet times of a channel as data, and the next moment outside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Farther ahead nobody looks: a week and a day hold every weekly plan.
LOOKS_AHEAD = timedelta(days=8)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Quiet:
    """From one time of the day to another, over midnight where `until` is not later than `begins`.

    `days` are those on which it begins (Monday 0, none: every day); on `whole_days` it is quiet from midnight to
    midnight. Without `begins` only the whole days count.
    """

    begins: time | None = None
    until: time | None = None
    days: frozenset[int] = frozenset()
    whole_days: frozenset[int] = frozenset()


def next_allowed(quiet: Quiet, zones: Collection[str], moment: datetime) -> datetime | None:
    """The first moment, not before `moment`, that is quiet in none of the zones; None: not within 8 days."""
    clocks = [ZoneInfo(zone) for zone in zones]
    latest, allowed = moment + LOOKS_AHEAD, moment
    while allowed <= latest:
        ends = [
            end for clock in clocks for start, end in _around(quiet, clock, allowed) if start <= allowed < end
        ]
        if not ends:
            return allowed
        allowed = max(ends)
    return None


def _around(quiet: Quiet, clock: ZoneInfo, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Quiet times that began yesterday or begin today, by that clock."""
    today = moment.astimezone(clock).date()
    for day in (today - _DAY, today):
        if quiet.begins is not None and quiet.until is not None and day.weekday() in (quiet.days or _EVERY):
            last = day if quiet.until > quiet.begins else day + _DAY
            yield _earliest(day, quiet.begins, clock), _latest(last, quiet.until, clock)
        if day.weekday() in quiet.whole_days:
            yield _earliest(day, time(), clock), _latest(day + _DAY, time(), clock)


_EVERY = frozenset(range(7))


# When clocks change, a time of the day comes twice or not at all: quiet begins at the first moment it may mean and ends
# at the last.
def _earliest(day: date, at: time, clock: ZoneInfo) -> datetime:
    return min(_readings(day, at, clock))


def _latest(day: date, at: time, clock: ZoneInfo) -> datetime:
    return max(_readings(day, at, clock))


def _readings(day: date, at: time, clock: ZoneInfo) -> list[datetime]:
    local = datetime.combine(day, at, tzinfo=clock)
    return [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
