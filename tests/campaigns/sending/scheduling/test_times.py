from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from campaigns.scheduling.clocks import comes_twice, is_skipped, moment_of
from campaigns.scheduling.times import Plan, day_of, first_run, latest_until, next_after


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


BERLIN = "Europe/Berlin"
CLOCKS = [
    (date(2026, 1, 5), time(10), utc(2026, 1, 5, 9), False, False),
    (date(2026, 7, 5), time(10), utc(2026, 7, 5, 8), False, False),
    (date(2026, 3, 29), time(2, 30), utc(2026, 3, 29, 1, 30), True, False),  # shown as 03:30
    (date(2026, 10, 25), time(2, 30), utc(2026, 10, 25, 0, 30), False, True),  # the first of the two
    (date(2026, 3, 29), time(3), utc(2026, 3, 29, 1), False, False),
]


@pytest.mark.parametrize(("day", "at", "moment", "skipped", "doubled"), CLOCKS)
def test_clocks_that_change(day: date, at: time, moment: datetime, skipped: bool, doubled: bool) -> None:
    assert moment_of(day, at, BERLIN) == moment
    assert (is_skipped(day, at, BERLIN), comes_twice(day, at, BERLIN)) == (skipped, doubled)


def plan(repeat: str, **values: Any) -> Plan:
    return Plan(
        **({"repeat": repeat, "start_on": date(2026, 1, 31), "at": time(10), "zone": BERLIN} | values)
    )


NEXT = {
    "once, ahead": (plan("once"), utc(2026, 1, 1), utc(2026, 1, 31, 9)),
    "once, over": (plan("once"), utc(2026, 1, 31, 9), None),
    "daily, not before it begins": (plan("daily"), utc(2025, 1, 1), utc(2026, 1, 31, 9)),
    "daily, later that day": (plan("daily"), utc(2026, 2, 3, 8), utc(2026, 2, 3, 9)),
    "daily, that moment is over": (plan("daily"), utc(2026, 2, 3, 9), utc(2026, 2, 4, 9)),
    "daily, in summer an hour earlier": (plan("daily"), utc(2026, 7, 1), utc(2026, 7, 1, 8)),
    "daily, past its last day": (plan("daily", ends_on=date(2026, 2, 3)), utc(2026, 2, 3, 9), None),
    "weekly": (plan("weekly", weekdays=frozenset({0, 4})), utc(2026, 2, 3), utc(2026, 2, 6, 9)),
    "monthly, a short month": (plan("monthly", day_of_month=31), utc(2026, 2, 3), utc(2026, 2, 28, 9)),
    "monthly": (plan("monthly", day_of_month=31), utc(2026, 2, 28, 9), utc(2026, 3, 31, 8)),
    "by the recipient's clock it begins where the day does": (
        plan("once", by_recipient_clock=True), utc(2026, 1, 1), utc(2026, 1, 30, 20),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("planned", "moment", "expected"), NEXT.values(), ids=NEXT)
def test_next_run(planned: Plan, moment: datetime, expected: datetime | None) -> None:
    assert next_after(planned, moment) == expected


def test_the_day_of_a_run_by_the_recipients_clock() -> None:
    planned = plan("daily", by_recipient_clock=True)
    assert day_of(planned, utc(2026, 1, 30, 20)) == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (utc(2026, 2, 1, 9), utc(2026, 2, 1, 9)),
        (utc(2026, 2, 2, 8), utc(2026, 2, 1, 9)),
        (utc(2026, 2, 4, 12), utc(2026, 2, 4, 9)),
    ],
)
def test_missed_runs_are_made_up_for_once(moment: datetime, expected: datetime) -> None:
    assert latest_until(plan("daily"), utc(2026, 2, 1, 9), moment) == expected


FIRST = {
    "ahead": (plan("once"), utc(2026, 1, 1), utc(2026, 1, 31, 9)),
    "over": (plan("once"), utc(2026, 1, 31, 9), None),
    "by each clock, the day has begun in the east": (
        plan("once", zone="America/New_York", by_recipient_clock=True), utc(2026, 1, 30, 22), utc(2026, 1, 30, 20),
    ),
    "by each clock, over in its own zone": (
        plan("once", zone="America/New_York", by_recipient_clock=True), utc(2026, 1, 31, 15), None,
    ),
    "by each clock, the first of many days": (
        plan("daily", zone="America/New_York", by_recipient_clock=True), utc(2026, 1, 30, 22), utc(2026, 1, 30, 20),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("planned", "moment", "expected"), FIRST.values(), ids=FIRST)
def test_the_first_run_of_a_plan(planned: Plan, moment: datetime, expected: datetime | None) -> None:
    assert first_run(planned, moment) == expected
