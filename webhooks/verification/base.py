"""What a verification scheme is and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from webhooks.callback import Callback


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the call is genuine; `reason` is for staff, never for the caller.

    `nonce` is what may be used only once ("" when the scheme has none): the same again is a replay.
    """

    valid: bool
    reason: str = ""
    nonce: str = ""


ACCEPTED = Verdict(valid=True)


class Verifier(Protocol):
    """One webhook's check, its settings and secrets read."""

    def check(self, callback: Callback) -> Verdict:
        """The verdict; never raises for anything a caller can send."""
        ...


class AcceptAll:
    """No check: the unguessable URL is the only key."""

    def check(self, callback: Callback) -> Verdict:
        return ACCEPTED
