"""Where limits stand now: for the screen, and for whoever alerts people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.clock import now
from messaging.models import SpendCounter, SpendLimit
from messaging.models.spending import Unit
from messaging.spending.limits import LimitRow, row_of, window_of

_COUNTERS_KEPT = timedelta(days=100)


@dataclass(frozen=True)
class Use:
    """One counter of a limit in its present period; `reached`: a message as large as the largest would be refused."""

    limit: LimitRow
    target: str
    used: int
    reached: bool
    ends: datetime

    @property
    def is_money(self) -> bool:
        """A reached one is a spend stop, else a cap."""
        return self.limit.unit == Unit.MONEY

    @property
    def share(self) -> float:
        """Used part, 1.0 for all."""
        return self.used / self.limit.most if self.limit.most else 1.0


def uses() -> list[Use]:
    """Every active limit that has counted something in its present period, the fullest first."""
    moment = now().astimezone(UTC)
    limits = {limit.pk: row_of(limit) for limit in SpendLimit.objects.filter(active=True)}
    windows = {pk: window_of(limit.period, moment) for pk, limit in limits.items()}
    counters = SpendCounter.objects.filter(
        limit_id__in=limits, window_start__in={start for start, _ in windows.values()}
    )
    found = [
        Use(
            limit=limits[counter.limit_id],
            target=counter.target,
            used=counter.used,
            reached=counter.used + max(counter.largest, 1) > limits[counter.limit_id].most,
            ends=windows[counter.limit_id][1],
        )
        for counter in counters
        if counter.window_start == windows[counter.limit_id][0]
    ]
    return sorted(found, key=lambda use: -use.share)


def reached() -> list[Use]:
    """The limits that refuse messages just now; what alerts read."""
    return [use for use in uses() if use.reached]


def forget_counters() -> int:
    """Drop counters of periods long over."""
    return SpendCounter.objects.filter(window_start__lt=now() - _COUNTERS_KEPT).delete()[0]
