"""The next allowed moment, as a table: midnight, half-hour zones, clock changes, whole days, several zones."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging.quiet.hours import LOOKS_AHEAD, Quiet, next_allowed

NIGHT = Quiet(time(21), time(8))
NOON = Quiet(time(12), time(14))
FRENCH = Quiet(time(22), time(8), whole_days=frozenset({6}))
WEEKNIGHTS = Quiet(time(21), time(8), days=frozenset({0, 1, 2, 3, 4}))
SUNDAYS = Quiet(whole_days=frozenset({6}))
EARLY = Quiet(time(1, 30), time(2, 30))

CASES = [
    # quiet, zones, moment (UTC), next allowed (UTC); 2026-01-05 is a Monday
    ("daytime", NIGHT, ["Europe/Berlin"], "2026-01-05T12:00", "2026-01-05T12:00"),
    ("evening, over midnight", NIGHT, ["Europe/Berlin"], "2026-01-05T21:00", "2026-01-06T07:00"),
    ("small hours, begun yesterday", NIGHT, ["Europe/Berlin"], "2026-01-06T03:00", "2026-01-06T07:00"),
    ("the first minute is quiet", NIGHT, ["Europe/Berlin"], "2026-01-05T20:00", "2026-01-06T07:00"),
    ("the last minute is not", NIGHT, ["Europe/Berlin"], "2026-01-06T07:00", "2026-01-06T07:00"),
    ("within one day", NOON, ["UTC"], "2026-01-05T13:59", "2026-01-05T14:00"),
    ("half-hour zone", NIGHT, ["Asia/Kolkata"], "2026-01-05T16:00", "2026-01-06T02:30"),
    ("quarter-hour zone", NIGHT, ["Asia/Kathmandu"], "2026-01-05T16:00", "2026-01-06T02:15"),
    ("spring forward: the night is an hour shorter", NIGHT, ["Europe/Berlin"], "2026-03-28T21:00", "2026-03-29T06:00"),
    ("fall back: the night is an hour longer", NIGHT, ["Europe/Berlin"], "2026-10-24T20:00", "2026-10-25T07:00"),
    ("an end that the clock skips", EARLY, ["Europe/Berlin"], "2026-03-29T00:45", "2026-03-29T01:30"),
    ("an end that comes twice", EARLY, ["Europe/Berlin"], "2026-10-25T00:10", "2026-10-25T01:30"),
    ("several zones: the last to wake", NIGHT, ["Europe/London", "Europe/Berlin"],
     "2026-01-05T20:30", "2026-01-06T08:00"),
    ("several zones: the first to sleep", NIGHT, ["America/New_York", "America/Los_Angeles"],
     "2026-01-06T03:00", "2026-01-06T16:00"),
    ("Sunday in France", FRENCH, ["Europe/Paris"], "2026-01-04T10:00", "2026-01-05T07:00"),
    ("Saturday night runs into Sunday", FRENCH, ["Europe/Paris"], "2026-01-03T22:00", "2026-01-05T07:00"),
    ("a day is over at midnight", SUNDAYS, ["Europe/Paris"], "2026-01-04T10:00", "2026-01-04T23:00"),
    ("Friday night counts as Friday", WEEKNIGHTS, ["UTC"], "2026-01-10T03:00", "2026-01-10T08:00"),
    ("Saturday night is free", WEEKNIGHTS, ["UTC"], "2026-01-10T23:00", "2026-01-10T23:00"),
    ("no zone, nothing quiet", NIGHT, [], "2026-01-05T23:00", "2026-01-05T23:00"),
    ("nothing configured", Quiet(), ["UTC"], "2026-01-05T23:00", "2026-01-05T23:00"),
]  # fmt: skip


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zones", "now", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_next_allowed(quiet: Quiet, zones: list[str], now: str, expected: str) -> None:
    assert next_allowed(quiet, zones, moment(now)) == moment(expected)


def test_zones_that_never_agree_have_no_answer() -> None:
    assert (
        next_allowed(NIGHT, ["Pacific/Guam", "Pacific/Honolulu", "Europe/London"], moment("2026-01-05T12:00"))
        is None
    )


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Sao_Paulo"]
)
def test_whatever_the_hour_of_the_year_the_answer_is_allowed_and_nothing_before_it_is(zone: str) -> None:
    at = moment("2026-01-01T00:17")
    while at.year == 2026:
        allowed = next_allowed(NIGHT, [zone], at)
        assert allowed is not None
        assert at <= allowed <= at + timedelta(hours=13)
        assert 8 <= allowed.astimezone(ZoneInfo(zone)).hour < 21
        if allowed > at:
            before = allowed - timedelta(minutes=1)
            assert not 8 <= before.astimezone(ZoneInfo(zone)).hour < 21
        at += timedelta(hours=3, minutes=41)


def test_looks_no_farther_than_it_says() -> None:
    always = Quiet(whole_days=frozenset(range(7)))
    assert next_allowed(always, ["UTC"], moment("2026-01-05T12:00")) is None
    assert timedelta(days=7) < LOOKS_AHEAD
