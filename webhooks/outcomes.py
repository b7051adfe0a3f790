"""What became of a callback's events, and of the callback as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webhooks.models import RequestState

_WORST_FIRST = (RequestState.QUARANTINED, RequestState.PROCESSED, RequestState.IGNORED)
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one event; `wait_for` is the subject whose messages on the wire the answer waits for."""

    state: RequestState
    reason: str = ""
    wait_for: int | None = None


def summary(notes: Sequence[Note]) -> tuple[RequestState, str]:
    """State and reason of the callback: it needs attention if one of its events does."""
    state = next(state for state in _WORST_FIRST if any(note.state is state for note in notes))
    reasons = dict.fromkeys(note.reason for note in notes if note.reason and note.state is state)
    return state, " ".join(reasons)[:_LONGEST]
