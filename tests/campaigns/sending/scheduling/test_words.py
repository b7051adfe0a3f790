from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from campaigns.models import Campaign
from campaigns.scheduling.words import Ran, when_of


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


DAILY = {"when": "daily", "start_on": at(1, 0).date(), "start_time": time(10, 0), "time_zone": "UTC"}
SAID: dict[str, tuple[dict[str, Any], Ran | None, str]] = {
    "a draft": ({"state": "draft"}, None, "as soon as somebody starts it"),
    "running": ({"state": "running"}, Ran(1, at(1, 10), None), "since 2026-03-01 10:00"),
    "finished": ({"state": "finished"}, Ran(1, at(1, 10), at(1, 11)), "2026-03-01 10:00 to 11:00"),
    "finished within a minute": ({"state": "finished"}, Ran(1, at(1, 10), at(1, 10)), "2026-03-01 10:00"),
    "finished later": (
        {"state": "finished"}, Ran(1, at(1, 10), at(2, 11)), "2026-03-01 10:00 to 2026-03-02 11:00",
    ),
    "finished, recurring": (
        {"state": "finished", **DAILY}, Ran(3, at(3, 10), at(3, 11)), "3 times, last 2026-03-03 10:00 to 11:00",
    ),
    "being cancelled": ({"state": "cancelled"}, Ran(1, at(1, 10), None), "2026-03-01 10:00"),
    "cancelled before": ({"state": "cancelled", **DAILY}, None, "never went out"),
    "between two runs": (
        {"state": "scheduled", **DAILY, "next_run_at": at(2, 10)},
        Ran(1, at(1, 10), at(1, 11)),
        "every day at 10:00 from 2026-03-01, UTC; next 2026-03-02 10:00",
    ),
    "in a run of several": (
        {"state": "running", **DAILY, "next_run_at": at(2, 10)},
        Ran(1, at(1, 10), None),
        "since 2026-03-01 10:00; next 2026-03-02 10:00",
    ),
    "open for calls": (
        {"state": "running", "kind": "triggered"}, Ran(1, at(1, 10), None), "since 2026-03-01 10:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("values", "last", "said"), SAID.values(), ids=SAID)
def test_when_a_campaign_goes_out_or_did(values: dict[str, Any], last: Ran | None, said: str) -> None:
    assert when_of(Campaign(**values), last) == said
