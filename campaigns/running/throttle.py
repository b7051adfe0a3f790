"""At most so many a minute, however many workers look: one moment says up to where the allowance is used. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

# What a run may catch up on: workers look every half second, none saves up for a burst.
_CATCHES_UP = timedelta(seconds=1)


def _step(per_minute: int) -> timedelta:
    return timedelta(minutes=1) / per_minute


def _begins(used_until: datetime | None, moment: datetime, per_minute: int) -> datetime:
    earliest = moment - max(_CATCHES_UP, _step(per_minute))
    return max(used_until or moment - _step(per_minute), earliest)


def allowed(*, used_until: datetime | None, moment: datetime, per_minute: int) -> int:
    """How many may go now."""
    return max((moment - _begins(used_until, moment, per_minute)) // _step(per_minute), 0)


def used(*, used_until: datetime | None, moment: datetime, per_minute: int, count: int) -> datetime:
    """Up to where the allowance is used once `count` have gone."""
    return _begins(used_until, moment, per_minute) + count * _step(per_minute)
