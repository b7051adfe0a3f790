"""What the provider does with a request: drawn by seed, message and number of the request."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One way to answer. `taken`: the recipient gets the text. `ambiguous`: the caller cannot know whether."""

    name: str
    taken: bool
    ambiguous: bool


FINE = Fault("fine", taken=True, ambiguous=False)
LATE = Fault("late", taken=True, ambiguous=True)
RESET_TAKEN = Fault("reset_taken", taken=True, ambiguous=True)
RESET_UNREAD = Fault("reset_unread", taken=False, ambiguous=True)
UNREADABLE = Fault("unreadable", taken=True, ambiguous=True)
TOO_MANY = Fault("too_many", taken=False, ambiguous=False)
UNAVAILABLE = Fault("unavailable", taken=False, ambiguous=False)

SHARES: dict[Fault, float] = {
    LATE: 0.005, RESET_TAKEN: 0.01, RESET_UNREAD: 0.01, UNREADABLE: 0.01, TOO_MANY: 0.015, UNAVAILABLE: 0.015,
}  # fmt: skip
BY_NAME: dict[str, Fault] = {fault.name: fault for fault in (FINE, *SHARES)}

# From the third request for a message on the provider behaves, or the last retries would take minutes.
_BEHAVES_FROM = 3


def draw(*, seed: int, message_id: str, number: int) -> Fault:
    """The way to answer request `number` (from 1) for a message."""
    if number >= _BEHAVES_FROM:
        return FINE
    chances = random.Random(f"{seed}:{message_id}:{number}")
    return chances.choices([*SHARES, FINE], [*SHARES.values(), 1 - sum(SHARES.values())])[0]


def delay(*, seed: int, message_id: str) -> float:
    """Seconds an answer takes, long enough to be killed in."""
    return random.Random(f"{seed}:{message_id}").uniform(0.005, 0.06)
