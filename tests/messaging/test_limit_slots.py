from __future__ import annotations

import random

import pytest

from messaging.limits.pacing import Lane, Lanes, Load, how_many

ONE = Load("+1", 1, 1)


def starts_of(lanes: Lanes, loads: list[Load], now: float = 1000.0) -> list[float]:
    return [lanes.place(load, now).start for load in loads]


def most_in_a_second(moments: list[float]) -> int:
    moments = sorted(moments)
    return max(sum(first <= moment < first + 1 for moment in moments) for first in moments)


@pytest.mark.parametrize("limit", [0.5, 1, 2, 5, 10, 30, 100, 1000])
def test_never_more_than_one_over_the_limit_in_any_second_however_late_within_patience(limit: float) -> None:
    lane = Lane(limit)
    starts = starts_of(Lanes(lane, None, {}), [ONE] * max(int(limit * 4), 20))
    rng = random.Random(int(limit * 10))
    for _ in range(30):
        # Late by all or nothing crowds a second more than anything between.
        moments = [start + rng.choice([0.0, lane.patience]) for start in starts]
        assert most_in_a_second(moments) <= limit + 1


@pytest.mark.parametrize("limit", [1, 5, 20, 100, 1000])
def test_at_least_95_percent_of_the_limit_is_used(limit: float) -> None:
    starts = starts_of(Lanes(Lane(limit), None, {}), [ONE] * int(limit * 60))
    assert sum(start < 1060 for start in starts) >= 0.95 * limit * 60


def test_a_pause_saves_up_nothing() -> None:
    lanes = Lanes(Lane(5, next_at=10.0), None, {})
    assert most_in_a_second(starts_of(lanes, [ONE] * 20)) <= 6


def test_segments_follow_each_other_as_slowly_as_the_segment_limit_says() -> None:
    lanes = Lanes(None, Lane(10), {})
    starts = starts_of(lanes, [Load("+1", 5, 1)] * 10)
    assert most_in_a_second(starts) * 5 <= 10 + 5
    assert starts[-1] - starts[0] == pytest.approx(45 / 9.85, rel=0.01)


def test_the_slowest_limit_decides() -> None:
    lanes = Lanes(Lane(100), Lane(1000), {"+1": Lane(2)})
    starts = starts_of(lanes, [ONE, Load("+2", 1, 1), ONE])
    assert starts[1] - starts[0] < 0.02
    assert starts[2] - starts[0] > 0.5


def test_parts_of_a_message_each_count_and_start_one_after_the_other() -> None:
    lanes = Lanes(Lane(5), None, {})
    slot = lanes.place(Load("+1", 3, 3), 1000.0)
    following = lanes.place(ONE, 1000.0)
    assert slot.step == pytest.approx(0.203, abs=0.001)
    assert following.start == pytest.approx(1000 + 3 * slot.step)


@pytest.mark.parametrize(
    ("lanes", "until", "expected"),
    [
        (Lanes(Lane(5), None, {}), 1000.0, 1),
        (Lanes(Lane(5), None, {}), 1000.5, 3),
        (Lanes(Lane(5, next_at=1000.4), None, {}), 1000.3, 0),
        (Lanes(None, None, {}), 1000.0, 4),
        (Lanes(None, None, {"+1": Lane(1)}), 1000.5, 1),
    ],
)
def test_how_many_start_until_then(lanes: Lanes, until: float, expected: int) -> None:
    loads = [ONE] * 4
    assert how_many(lanes, loads, earliest=1000.0, until=until) == expected
    assert how_many(lanes, loads, earliest=1000.0, until=until) == expected  # trying moves nothing on
