"""Numbers that follow each other: who is paid for messages to a range ("SMS pumping") asks for codes to all of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from core.clock import database_now
from core.made import made_between
from core.numbers import mask_number
from messaging.models import Message, Source
from reports.alerts import Alert, Level
from reports.checklist import Target

LOOK_BACK: Final = timedelta(minutes=10)
ENOUGH: Final = 20  # different numbers
WITHIN: Final = 40  # of each other
_MOST: Final = 10_000  # messages looked at, the newest


def number_runs() -> Iterator[Alert]:
    """One alert for the densest run among what applications submitted lately; lists of campaigns may have runs."""
    recent = Message.objects.filter(made_between(database_now() - LOOK_BACK)).order_by("-id")
    rows = recent.values_list("source", "msisdn")[:_MOST]
    run = densest(int(msisdn[1:]) for source, msisdn in rows if source == Source.API and msisdn)
    if run:
        text = (
            f"{len(run)} of {WITHIN} numbers that follow each other, from {mask_number(f'+{run[0]}')} on, got messages "
            "within ten minutes. Somebody may be making your application send to a range they are paid for: look who "
            "asks for these messages, and set a spend limit for the country."
        )
        target = Target("admin:messaging_message_changelist", "messaging.view_message")
        query = f"source__exact={Source.API}"
        yield Alert(
            Level.LOOK, text, "See messages", target, query, kind="number_run", about=str(run[0])[:-3]
        )


def densest(numbers: Iterable[int]) -> list[int]:
    """Pure: the most different numbers that lie WITHIN each other, in order; [] for fewer than ENOUGH."""
    ordered, found = sorted(set(numbers)), range(0)
    for end, number in enumerate(ordered, start=1):
        start = bisect_left(ordered, number - WITHIN + 1)
        found = max(found, range(start, end), key=len)
    return ordered[found.start : found.stop] if len(found) >= ENOUGH else []
