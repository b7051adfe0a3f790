"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from consent.models import ConsentEvent, ConsentState, ConsentSubject
from consent.rules import State
from consent.sealing import key_of, number_hash, open_evidence, open_number


@dataclass(frozen=True)
class OpenedEvent:
    """An event with what its subject's key opens; once that is erased, all is blank and `erased` is set."""

    event: ConsentEvent
    number: str
    text: str
    evidence: dict[str, Any]
    erased: bool = False


def history(msisdn: str) -> list[OpenedEvent]:
    """Every event of a number (E.164), newest first."""
    events = ConsentEvent.objects.filter(subject__number_hash=number_hash(msisdn))
    return list(opened(events.select_related("subject__key").order_by("-sequence")))


def opened(events: Iterable[ConsentEvent]) -> Iterable[OpenedEvent]:
    """Events with their sealed parts open; no query per event when `subject__key` was selected along."""
    return (open_event(event) for event in events)


def open_event(event: ConsentEvent) -> OpenedEvent:
    """One event with its sealed parts open."""
    said = open_evidence(
        key_of(event.subject), event.evidence, number_hash=event.subject.number_hash, sequence=event.sequence
    )
    if said is None:
        return OpenedEvent(event=event, number="", text="", evidence={}, erased=True)
    return OpenedEvent(event=event, number=said.pop("number", ""), text=said.pop("text", ""), evidence=said)


def state_of(row: ConsentState) -> State:
    """A stored cell as the rules see it."""
    return State(row.scope, row.purpose, row.state, row.source, row.out_at, row.in_at, row.paused_at)


def number_of(subject: ConsentSubject) -> str:
    """The subject's number (E.164), or "" once it is erased; no query when `key` was selected along."""
    return open_number(key_of(subject))
