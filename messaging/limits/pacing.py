"""Pure: which moment belongs to which message under a rate limit (GCRA without a burst).

Starts are spread evenly, each may be late by `patience` and no more; so no window of one second, wherever it begins,
has more than limit + 1 of them. For that they follow each other 1.5 to 4 % slower than the limit says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

_SHARE: Final = 0.985
_SLACK: Final = 1.04
_ON_THE_WAY: Final = 0.01  # seconds that two requests may differ between their start and the provider
_LONGEST_PATIENCE: Final = 1.0
# Parts that must be further apart than this are claimed one at a time: no thread, no lease waits so long.
LONGEST_STEP: Final = 10.0


class Load(NamedTuple):
    """What one message weighs; a message of several parts is as many requests."""

    sender: str
    segments: int
    parts: int


@dataclass
class Lane:
    """One limit: units a second, and when the next unit may start (seconds since the epoch, the database's clock)."""

    limit: float
    next_at: float = 0.0

    @property
    def interval(self) -> float:
        """Seconds from one unit to the next."""
        return 1 / min(self.limit * _SHARE, (self.limit + 1) / _SLACK)

    @property
    def patience(self) -> float:
        """How late a start may be without a second ever holding more than limit + 1."""
        return min((self.limit + 1) * self.interval - 1 - _ON_THE_WAY, _LONGEST_PATIENCE)

    def take(self, start: float, units: int) -> None:
        """Units that start then, one after the other."""
        self.next_at = start + units * self.interval


class Slot(NamedTuple):
    """When a message may start, how late it may be, and seconds from one of its parts to the next."""

    start: float
    patience: float
    step: float


@dataclass(frozen=True)
class Lanes:
    """All limits that messages of one credential pass; None: not limited so."""

    messages: Lane | None
    segments: Lane | None
    senders: dict[str, Lane]

    def all(self) -> Iterable[Lane]:
        """Those that exist."""
        return filter(None, (self.messages, self.segments, *self.senders.values()))

    def closed_senders(self, until: float) -> frozenset[str]:
        """Senders that have nothing to start until then: their messages are passed over."""
        return frozenset(sender for sender, lane in self.senders.items() if lane.next_at > until)

    def opens_at(self) -> float:
        """When the credential as a whole may start something again."""
        return max((lane.next_at for lane in (self.messages, self.segments) if lane is not None), default=0.0)

    def place(self, load: Load, earliest: float) -> Slot:
        """Give a message its slot and move its lanes on."""
        lanes = [lane for lane in (self.messages, self.senders.get(load.sender)) if lane is not None]
        every = [*lanes, self.segments] if self.segments is not None else lanes
        start = max([earliest, *(lane.next_at for lane in every)])
        step = max((lane.interval for lane in lanes), default=0.0)
        for lane in lanes:
            lane.take(start, load.parts if step <= LONGEST_STEP else 1)
        if self.segments is not None:
            self.segments.take(start, load.segments)
        patience = min((lane.patience for lane in every), default=_LONGEST_PATIENCE)
        return Slot(start, patience, step)

    def copy(self) -> Lanes:
        """The same to try out on."""
        return Lanes(
            _copy(self.messages),
            _copy(self.segments),
            {name: Lane(x.limit, x.next_at) for name, x in self.senders.items()},
        )


def _copy(lane: Lane | None) -> Lane | None:
    return None if lane is None else Lane(lane.limit, lane.next_at)


def how_many(lanes: Lanes, loads: Sequence[Load], *, earliest: float, until: float) -> int:
    """How many of these, in this order, start until then."""
    trial = lanes.copy()
    for number, load in enumerate(loads):
        if trial.place(load, earliest).start > until:
            return number
    return len(loads)
