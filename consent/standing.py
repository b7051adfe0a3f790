"""What may be sent to a number now, in plain words: one answer per purpose, exceptions by sender below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent.rules import ALL, State, decide
from consent.wording import scope_words
from core.vocabulary import Purpose

_PURPOSES = (
    (Purpose.MARKETING, "Marketing"),
    (Purpose.TRANSACTIONAL, "Transactional"),
    (Purpose.ONE_TIME_CODE, "One-time codes"),
)
_WHY = {
    "opted_out": "No: the person has opted out.",
    "suppressed": "No: the number is on the suppression list.",
    "consent_paused": "Not now: a possible opt-out waits for a review.",
    "no_opt_in": "Not without an opt-in. None is on record.",
}
_MAY = {
    Purpose.MARKETING: "Yes: an opt-in is on record.",
    Purpose.TRANSACTIONAL: "Yes.",
    Purpose.ONE_TIME_CODE: "Yes: the person asks for them.",
}


@dataclass(frozen=True)
class Answer:
    """Whether messages of a purpose may go to a number, from one sender or from all ("")."""

    purpose: str
    sender: str
    allowed: bool
    why: str


def answers(states: Sequence[State]) -> list[Answer]:
    """For each purpose the general answer, then every sender or brand where it differs."""
    scopes = sorted({state.scope for state in states if state.scope != ALL})
    found = []
    for purpose, label in _PURPOSES:
        general = _answer(states, purpose, label, "")
        found.append(general)
        own = (_answer(states, purpose, label, scope) for scope in scopes)
        found += [answer for answer in own if answer.allowed != general.allowed]
    return found


def _answer(states: Sequence[State], purpose: Purpose, label: str, scope: str) -> Answer:
    kind, _, name = scope.partition(":")
    decision = decide(
        states,
        sender=name if kind == "sender" else "",
        brand=name if kind == "brand" else "",
        purpose=purpose,
        require_opt_in=True,
    )
    why = _MAY[purpose] if decision.allowed else _WHY.get(decision.reason, f"No: {decision.reason}.")
    return Answer(label, scope_words(scope) if scope else "", decision.allowed, why)
