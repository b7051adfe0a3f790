"""When a campaign would be through: its speed and the hours in which nobody is written to. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from messaging.quiet.hours import Quiet, next_allowed

_STEP = timedelta(minutes=15)
# Farther ahead it is only said that it takes longer.
LOOKS_AHEAD = timedelta(days=31)


def finish_of(
    *, start: datetime, count: int, per_second: float, quiet: Quiet | None, zones: Collection[str]
) -> datetime | None:
    """The moment when `count` messages have been handed over; None: not within a month."""
    left, moment = timedelta(seconds=count / per_second), start
    if quiet is None:
        return start + left if left <= LOOKS_AHEAD else None
    while moment < start + LOOKS_AHEAD:
        allowed = next_allowed(quiet, zones, moment)
        if allowed is None:
            return None
        if allowed > moment:
            moment = allowed
        elif left <= _STEP:
            return moment + left
        else:
            moment, left = moment + _STEP, left - _STEP
    return None
