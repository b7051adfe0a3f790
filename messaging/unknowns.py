"""Messages whose answer was lost: what a channel wants done about them when nothing settles them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import database_now
from core.vocabulary import Purpose
from messaging import staff
from messaging.models import ChannelConfiguration, Message
from messaging.models.timing import WhenUnknown
from messaging.states import Reason, State

BATCH = 200
ACTOR = "channel"


@dataclass(frozen=True)
class Order:
    """A step of `staff.STEPS` and how long a report or a late answer may settle the message before; `once`: only what
    was not sent again before and is still valid.
    """

    step: str
    after: timedelta
    once: bool = False


def order_of(rule: str, *, is_code: bool, hours: int) -> Order | None:
    """Pure: what a rule asks for; None while it leaves messages alone."""
    wait = timedelta(seconds=30) if is_code else timedelta(minutes=5)
    orders = {
        WhenUnknown.HOLD: None,
        WhenUnknown.RESEND: Order("resend", wait, once=True),
        WhenUnknown.FAIL: Order("mark_failed", timedelta(hours=hours)),
    }
    return orders[WhenUnknown(rule)]


def follow_rules() -> int:
    """Take the steps that channels ask for; gives how many. Runs in every worker; twice is harmless."""
    hold = WhenUnknown.HOLD
    moment, taken = database_now(), 0
    for channel in ChannelConfiguration.objects.exclude(when_unknown=hold, when_unknown_code=hold):
        for is_code, rule in ((False, channel.when_unknown), (True, channel.when_unknown_code)):
            if order := order_of(rule, is_code=is_code, hours=channel.unknown_hours):
                taken += _follow(channel, order, is_code=is_code, moment=moment)
    return taken


def _follow(channel: ChannelConfiguration, order: Order, *, is_code: bool, moment: datetime) -> int:
    unknown = Message.objects.filter(
        state=State.UNKNOWN, channel=channel, due_at__lte=moment - order.after
    ).order_by("due_at", "id")
    if order.once:
        unknown = unknown.filter(possible_duplicate=False, valid_until__gt=moment)
    code = {"purpose": Purpose.ONE_TIME_CODE}
    due = unknown.filter(**code) if is_code else unknown.exclude(**code)
    return staff.take(order.step, due[:BATCH], actor=ACTOR, reason=Reason.BY_RULE)
