"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import BigIntegerField, QuerySet, Value

from consent.models import ConsentEvent, ConsentState, ConsentSubject, Suppression
from consent.rules import ALL, SUPPRESSED, State
from consent.sealing import key_of, number_hash, open_evidence, open_number
from core.clock import now
from core.compiled import Compiled, Slot


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


_CELL = ("scope", "purpose", "state", "source", "out_at", "in_at", "paused_at")


def _standing() -> QuerySet[Any, Any]:
    subjects = Slot("subjects", BigIntegerField())
    cells = ConsentState.objects.filter(subject_id__any_of=subjects).values_list("subject_id", *_CELL)
    entries = Suppression.objects.filter(subject_id__any_of=subjects, lifted_at__isnull=True)
    listed = entries.order_by().values_list(
        "subject_id", "scope", Value(ALL), Value(SUPPRESSED), "code", "until", "lifted_at", "lifted_at"
    )
    return cells.union(listed, all=True)


_STANDING = Compiled(_standing)


def standing_for(subject_ids: Collection[int]) -> dict[int, tuple[State, ...]]:
    """All that `decide` needs: the states, and an entry of the suppression list as a state of its own; one query."""
    moment = now()
    found: dict[int, list[State]] = {subject_id: [] for subject_id in subject_ids}
    for subject_id, *cell in _STANDING.rows({"subjects": list(subject_ids)}):
        state = State(*cell)
        if state.state != SUPPRESSED:
            found[subject_id].append(state)
        elif state.out_at is None or state.out_at > moment:  # its end stands there
            found[subject_id].append(replace(state, out_at=None))
    return {subject_id: tuple(states) for subject_id, states in found.items()}
