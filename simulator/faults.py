"""The table of faults by recipient: a number that ends in one of these six digits gets the fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.actions import Action, read_action


@dataclass(frozen=True)
class Fault:
    """One row; `source` is the action in its JSON form, `once` lets the second try of a message through."""

    suffix: str
    title: str
    text: str
    source: Mapping[str, object]
    action: Action
    once: bool = False

    @property
    def sample(self) -> str:
        """A number in North America that has this fault."""
        return f"+14155{self.suffix}"


def _fault(suffix: str, title: str, text: str, *, once: bool = False, **source: object) -> Fault:
    return Fault(suffix, title, text, source, read_action(source), once)


FAULTS: tuple[Fault, ...] = (
    _fault("990200", "Slow answer", "Accepted after 5 seconds", latency=5),
    _fault(
        "990429",
        "Too many requests",
        "429 with Retry-After 2, then accepted",
        once=True,
        status=429,
        retryAfter=2,
        code="RATE_LIMITED",
    ),
    _fault("990503", "Unavailable", "503, then accepted", once=True, status=503, code="UNAVAILABLE"),
    _fault("990500", "Server error", "500 each time", status=500, code="INTERNAL_ERROR"),
    _fault(
        "990400",
        "Invalid number",
        "Refused with 400, INVALID_RECIPIENT",
        status=400,
        code="INVALID_RECIPIENT",
    ),
    _fault(
        "990402", "No credit", "Refused with 402, INSUFFICIENT_CREDIT", status=402, code="INSUFFICIENT_CREDIT"
    ),
    _fault(
        "990401", "Credentials refused", "401 although the sign-in was right", status=401, code="UNAUTHORIZED"
    ),
    _fault(
        "990411", "Opted out", "Refused with 400, RECIPIENT_OPTED_OUT", status=400, code="RECIPIENT_OPTED_OUT"
    ),
    _fault("990408", "Timeout", "Connection held for 60 seconds, no answer, not accepted", timeout=60),
    _fault("990444", "Reset", "Connection reset, not accepted", reset="before"),
    _fault("990445", "Answer lost", "Accepted and reported, but the connection is reset", reset="after"),
    _fault(
        "990101",
        "Report: failed",
        "Accepted, then FAILED",
        reportStatus="FAILED",
        reportCode="ABSENT_SUBSCRIBER",
    ),
    _fault(
        "990102",
        "Report: undeliverable",
        "Accepted, then UNDELIVERABLE",
        reportStatus="UNDELIVERABLE",
        reportCode="UNREACHABLE",
    ),
    _fault(
        "990103",
        "Report: expired",
        "Accepted, then EXPIRED",
        reportStatus="EXPIRED",
        reportCode="VALIDITY_EXPIRED",
    ),
    _fault("990104", "Late report", "Delivered after 30 seconds", reportDelay=30),
    _fault("990105", "Duplicate report", "Delivered, reported three times", copies=3),
    _fault("990106", "Early report", "The report comes before the answer", early=True),
    _fault("990107", "No report", "Accepted, never reported", noReport=True),
    _fault("990108", "Out of order", "DELIVERED first, then SENT", outOfOrder=True),
)
FAULT_BY_SUFFIX = {fault.suffix: fault for fault in FAULTS}
