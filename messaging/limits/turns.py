"""A message's turn: its thread waits for it, and gives the message back when the turn was missed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from messaging.limits.pacing import LONGEST_STEP


@dataclass(frozen=True, slots=True)
class Turn:
    """When a message's first request may start, in monotonic seconds of this machine.

    Each further part starts `step` seconds later than the one before; none more than `patience` too late.
    """

    start: float = 0.0
    patience: float = float("inf")
    step: float = 0.0

    def wait(self, place: int, *, unless: threading.Event) -> bool:
        """Sleep until the turn of the part at this place (0: the first to be sent) has come; False: not any more."""
        seconds = self._start_of(place) - time.monotonic()
        return seconds <= 0 or not unless.wait(seconds)

    def is_of_another_claim(self, place: int) -> bool:
        """Whether the part at this place comes so late that the message is claimed once more for it."""
        return place > 0 and self.step > LONGEST_STEP

    def is_missed(self, place: int) -> bool:
        """Whether it is too late for this part: starting now could crowd a second."""
        return time.monotonic() > self._start_of(place) + self.patience

    def _start_of(self, place: int) -> float:
        return self.start + place * self.step


NO_TURN = Turn()
