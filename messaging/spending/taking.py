"""Counting messages that are about to be stored, and saying which of them pass a limit.

One statement counts a whole batch; its rows stay locked until the transaction ends, so no two processes pass a limit
together. Only when a limit is passed, a second statement takes back what is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import connection

from core.clock import now
from core.errors import CapReached, GatewayError, SpendStop
from core.vocabulary import Purpose
from messaging.models import Message, SpendCounter
from messaging.models.spending import Scope, Unit
from messaging.spending.limits import LimitRow, active, target_in, window_of
from messaging.spending.prices import price_of

_CHUNK: Final = 150
_TABLE: Final = SpendCounter._meta.db_table
_UPSERT: Final = (
    f"INSERT INTO {_TABLE} (limit_id, target, window_start, used, largest) VALUES {{rows}} "
    "ON CONFLICT (limit_id, target, window_start) DO UPDATE SET used = "
    f"{_TABLE}.used + EXCLUDED.used, largest = CASE WHEN EXCLUDED.largest > {_TABLE}.largest THEN EXCLUDED.largest "
    f"ELSE {_TABLE}.largest END RETURNING limit_id, target, used"
)
Key = tuple[int, str]


@dataclass(frozen=True)
class Charge:
    """What one message adds to one counter."""

    limit: LimitRow
    target: str
    amount: int

    @property
    def key(self) -> Key:
        """Which counter."""
        return self.limit.id, self.target


def take(messages: Sequence[Message]) -> dict[int, GatewayError]:
    """Count messages inside the transaction that stores them; positions of those that pass a limit, with the error.

    Nothing is asked of the database where no limit is active. Consent replies count, and always go.
    """
    limits = active()
    if not limits or not messages:
        return {}
    moment = now().astimezone(UTC)
    charges = [_charges(message, limits) for message in messages]
    added, largest = _totals(charge for one in charges for charge in one)
    if not added:
        return {}
    used = _count(added, largest, limits, moment)
    kept, refused = _fitting(messages, charges, {key: used[key] - added[key] for key in added}, moment)
    surplus = {key: kept[key] - added[key] for key in added if kept[key] != added[key]}
    if surplus:
        _count(surplus, dict.fromkeys(surplus, 0), limits, moment)
    return refused


def take_more(costs: Iterable[tuple[Message, int]]) -> None:
    """Count what messages cost more (millionths of the currency) than when they were accepted; refuses none of them."""
    limits = [limit for limit in active() if limit.unit == Unit.MONEY]
    charges = (
        Charge(limit, target, more)
        for message, more in (costs if limits else ())
        for limit in limits
        if more > 0 and (target := target_in(limit, message)) is not None
    )
    added, _ = _totals(charges)
    if added:
        _count(added, dict.fromkeys(added, 0), limits, now().astimezone(UTC))


def _charges(message: Message, limits: Iterable[LimitRow]) -> list[Charge]:
    found = []
    for limit in limits:
        target = target_in(limit, message)
        if target is not None:
            found.append(Charge(limit, target, 1 if limit.unit == Unit.MESSAGES else price_of(message)))
    return found


def _totals(charges: Iterable[Charge]) -> tuple[dict[Key, int], dict[Key, int]]:
    added: dict[Key, int] = defaultdict(int)
    largest: dict[Key, int] = defaultdict(int)
    for charge in charges:
        added[charge.key] += charge.amount
        largest[charge.key] = max(largest[charge.key], charge.amount)
    return added, largest


def _fitting(
    messages: Sequence[Message],
    charges: Sequence[Sequence[Charge]],
    before: Mapping[Key, int],
    moment: datetime,
) -> tuple[dict[Key, int], dict[int, GatewayError]]:
    """What the messages that fit add to each counter, one after the other, and why the others do not."""
    kept: dict[Key, int] = defaultdict(int)
    refused: dict[int, GatewayError] = {}
    for position, (message, own) in enumerate(zip(messages, charges, strict=True)):
        over = [one for one in own if before[one.key] + kept[one.key] + one.amount > one.limit.most]
        if over and message.purpose != Purpose.CONSENT_REPLY:
            refused[position] = _error(over[0], moment)
            continue
        for charge in own:
            kept[charge.key] += charge.amount
    return kept, refused


def _error(charge: Charge, moment: datetime) -> GatewayError:
    limit = charge.limit
    _, ends = window_of(limit.period, moment)
    country = f", messages to {charge.target}" if limit.scope == Scope.COUNTRY else ""
    kind = CapReached if limit.unit == Unit.MESSAGES else SpendStop
    return kind(
        f"The limit “{limit.name}” ({limit.words}{country}) is reached; it starts anew at {ends:%Y-%m-%d %H:%M} UTC. "
        "Whoever may change spend limits can raise it, or switch it off, under Spend limits in the admin."
    )


def _count(
    added: Mapping[Key, int], largest: Mapping[Key, int], limits: Iterable[LimitRow], moment: datetime
) -> dict[Key, int]:
    """Add to the counters, in the order of their keys, as everybody does; gives where they stand now."""
    starts = {
        limit.id: connection.ops.adapt_datetimefield_value(window_of(limit.period, moment)[0])
        for limit in limits
    }
    rows = [(key[0], key[1], starts[key[0]], added[key], largest[key]) for key in sorted(added)]
    used: dict[Key, int] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            places = ", ".join(["(%s, %s, %s, %s, %s)"] * len(chunk))
            cursor.execute(_UPSERT.format(rows=places), [value for row in chunk for value in row])
            used |= {(limit_id, target): int(count) for limit_id, target, count in cursor.fetchall()}
    return used
