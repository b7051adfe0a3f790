"""Limits as the counting takes them: what a message counts for, when a period begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from core.brief import BriefMemory
from core.numbers import country_or_main
from messaging.models import Message, SpendLimit
from messaging.models.spending import Period, Scope, Unit

MILLION: Final = 1_000_000


@dataclass(frozen=True)
class LimitRow:
    """A limit; `target` is the one thing it counts, "" for each by itself, `most` as counters count."""

    id: int
    name: str
    scope: str
    target: str
    period: str
    unit: str
    most: int

    @property
    def words(self) -> str:
        """Such as "1,000 messages a day" or "50.00 USD an hour"."""
        amount = (
            f"{self.most:,} messages"
            if self.unit == Unit.MESSAGES
            else f"{self.most / MILLION:,.2f} {settings.SMSGATEWAY_CURRENCY}"
        )
        return f"{amount} {Period(self.period).label.lower()}"


# Scope -> what a message counts for; None: the limit does not count it.
_TARGETS: Final[dict[str, Callable[[Message], str | None]]] = {
    Scope.ALL: lambda message: "",
    Scope.CHANNEL: lambda message: str(message.channel_id) if message.channel_id else None,
    Scope.COUNTRY: lambda message: country_or_main(message.msisdn) or None,
    Scope.API_KEY: lambda message: str(message.api_key_id) if message.api_key_id else None,
}


def target_in(limit: LimitRow, message: Message) -> str | None:
    """What the message counts for in the limit; None: nothing."""
    target = _TARGETS[limit.scope](message)
    return target if target is not None and limit.target in ("", target) else None


def window_of(period: str, moment: datetime) -> tuple[datetime, datetime]:
    """Begin and end, in UTC, of the period that `moment` (UTC) is in."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    month = day.replace(day=1)
    starts = {Period.HOUR: hour, Period.DAY: day, Period.MONTH: month}
    ends = {
        Period.HOUR: hour + timedelta(hours=1),
        Period.DAY: day + timedelta(days=1),
        Period.MONTH: (month + timedelta(days=31)).replace(day=1),
    }
    return starts[Period(period)], ends[Period(period)]


def row_of(limit: SpendLimit) -> LimitRow:
    """A stored limit as the counting takes it."""
    targets = {
        Scope.ALL: "",
        Scope.CHANNEL: str(limit.channel_id or ""),
        Scope.COUNTRY: limit.country,
        Scope.API_KEY: str(limit.api_key_id or ""),
    }
    factor = 1 if limit.unit == Unit.MESSAGES else MILLION
    return LimitRow(
        id=limit.pk,
        name=limit.name,
        scope=limit.scope,
        target=targets[Scope(limit.scope)],
        period=limit.period,
        unit=limit.unit,
        most=int(limit.amount * factor),
    )


def active() -> tuple[LimitRow, ...]:
    """Limits in force, a second old at most."""
    return _limits.get("") or ()


def forget() -> None:
    """Look limits up again; called after every change made in this process."""
    _limits.forget()


def _load(_: str) -> tuple[LimitRow, ...]:
    return tuple(row_of(limit) for limit in SpendLimit.objects.filter(active=True).order_by("id"))


_limits: BriefMemory[str, tuple[LimitRow, ...]] = BriefMemory(_load)
