"""Many changes of consent in one transaction, under every promise of the ledger, in a handful of statements.

What `ledger.record` does for one number is done here for a thousand: subjects locked in the order of their ids, each
event joined to its chain, states folded. A number may occur several times; its changes apply in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from django.db import models, transaction

from consent.chain import CURRENT_FORMAT, hash_of
from consent.ledger import states_for
from consent.models import ConsentEvent, ConsentState, ConsentSubject, SubjectKey
from consent.rules import ALL, OUT, Change, State, fold
from consent.sealing import new_key, number_hash, seal_evidence, unwrap
from core.clock import now
from core.columns import draw_ids, insert_columns, update_columns

_TICK = timedelta(microseconds=1)
_CELL_VALUES = ("state", "source", "out_at", "in_at", "paused_at")
_values = attrgetter(*_CELL_VALUES)


class Verdict(StrEnum):
    """What became of one change."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    KEPT_OUT = "kept_out"


@dataclass(frozen=True)
class Entry:
    """One change as it is brought; the words of `ledger.record`."""

    msisdn: str
    kind: str
    scope: str
    purpose: str
    source: str
    occurred_at: datetime | None = None
    keyword: str = ""
    actor: str = ""
    reason: str = ""
    reference: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one entry; `subject_id` is None where nothing was written."""

    verdict: Verdict
    subject_id: int | None = None


def judge_many(entries: Sequence[Entry]) -> list[Outcome]:
    """What `record_many` would do, without doing it."""
    known = _known_subjects(_numbers(entries))
    states = states_for(list(known.values()))
    people = {msisdn: _Person(states.get(known.get(msisdn, 0), ())) for msisdn in _numbers(entries)}
    moment = now()
    return [Outcome(_taken(people[entry.msisdn], entry, _change_of(entry, moment))[0]) for entry in entries]


@transaction.atomic
def record_many(entries: Sequence[Entry]) -> list[Outcome]:
    """Record what changes something; never turns an "out" into an "in" (KEPT_OUT), never repeats itself (UNCHANGED).

    For at most some thousands at a time: the subjects stay locked until the transaction ends.
    """
    subjects = _locked_subjects(_numbers(entries))
    states = states_for([subject.pk for subject in subjects.values() if subject.last_sequence])
    people = {msisdn: _Person(states.get(subject.pk, ())) for msisdn, subject in subjects.items()}
    outcomes: list[Outcome] = []
    taken: list[_Taken] = []
    moment = now()
    for entry in entries:
        person, subject = people[entry.msisdn], subjects[entry.msisdn]
        # Never before the event it follows, whatever the clocks of two hosts say.
        received_at = max(moment, subject.touched_at + _TICK)
        change = _change_of(entry, received_at)
        verdict, after = _taken(person, entry, change)
        outcomes.append(Outcome(verdict, subject.pk))
        if after:
            subject.touched_at = received_at
            taken.append(_Taken(subject, entry, change, received_at, after))
    _write(taken)
    return outcomes


def _write(taken: Sequence[_Taken]) -> None:
    keys = _keys({one.subject.pk: one.entry.msisdn for one in taken})
    events = [_event(one, keys[one.subject.pk]) for one in taken]
    for event, event_id in zip(events, draw_ids(ConsentEvent, len(events)), strict=True):
        event.pk = event_id
    names = _names(ConsentEvent)
    insert_columns(ConsentEvent, names, [*map(attrgetter(*names), events)])
    touched = {one.subject.pk: one.subject for one in taken}.values()
    update_columns(
        ConsentSubject,
        ("touched_at", "last_sequence", "head_hash", "id"),
        [(row.touched_at, row.last_sequence, row.head_hash, row.pk) for row in touched],
    )
    # Of several changes of one cell the last one counts.
    cells = {
        (one.subject.pk, cell.scope, cell.purpose): (*_values(cell), event.pk, one.received_at)
        for one, event in zip(taken, events, strict=True)
        for cell in one.after
    }
    key = ("subject_id", "scope", "purpose")
    insert_columns(
        ConsentState,
        (*key, *_CELL_VALUES, "event_id", "changed_at"),
        [(*cell, *values) for cell, values in cells.items()],
        replacing=key,
    )


@dataclass
class _Taken:
    """An entry that changes something, with the subject it belongs to and the cells after it."""

    subject: _Subject
    entry: Entry
    change: Change
    received_at: datetime
    after: list[State]


@dataclass(slots=True)
class _Subject:
    """A locked row of `ConsentSubject`."""

    pk: int
    number_hash: str
    touched_at: datetime
    last_sequence: int
    head_hash: str


class _Person:
    """The cells of one subject while its changes are applied, in order."""

    def __init__(self, states: Iterable[State]) -> None:
        self.cells = {(state.scope, state.purpose): state for state in states}

    def take(self, change: Change, *, is_dated: bool) -> tuple[Verdict, list[State]]:
        """Apply a change; gives the cells it made or changed too.

        One without a date that says what holds already is no news: the same list may come twice.
        """
        if change.kind == "opt_in" and any(
            state.state == OUT and _covers(state, change) for state in self.cells.values()
        ):
            return Verdict.KEPT_OUT, []
        after = fold(self.cells.values(), change)
        if not is_dated and all(
            _says_the_same(self.cells.get((cell.scope, cell.purpose)), cell) for cell in after
        ):
            return Verdict.UNCHANGED, []
        self.cells |= {(state.scope, state.purpose): state for state in after}
        return (Verdict.RECORDED if after else Verdict.UNCHANGED), after


def _taken(person: _Person, entry: Entry, change: Change) -> tuple[Verdict, list[State]]:
    return person.take(change, is_dated=entry.occurred_at is not None)


def _says_the_same(before: State | None, after: State) -> bool:
    return before is not None and replace(after, out_at=before.out_at, in_at=before.in_at) == before


def _covers(state: State, change: Change) -> bool:
    return state.scope in {ALL, change.scope} and state.purpose in {ALL, change.purpose}


def _numbers(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.msisdn for entry in entries))


def _known_subjects(numbers: Sequence[str]) -> dict[str, int]:
    hashes = {number_hash(msisdn): msisdn for msisdn in numbers}
    rows = ConsentSubject.objects.filter(number_hash__in=hashes).values_list("number_hash", "pk")
    return {hashes[digest]: subject_id for digest, subject_id in rows}


def _locked_subjects(numbers: Sequence[str]) -> dict[str, _Subject]:
    """The subjects of numbers, made where missing (in the order of the hash, as everywhere), locked by id."""
    hashes = {number_hash(msisdn): msisdn for msisdn in numbers}
    moment = now()
    insert_columns(
        ConsentSubject,
        ("number_hash", "touched_at", "last_sequence", "head_hash"),
        [(digest, moment, 0, "") for digest in sorted(hashes)],
        ignoring=("number_hash",),
    )
    rows = ConsentSubject.objects.select_for_update(no_key=True).filter(number_hash__in=hashes).order_by("pk")
    found = (
        _Subject(*row)
        for row in rows.values_list("pk", "number_hash", "touched_at", "last_sequence", "head_hash")
    )
    return {hashes[subject.number_hash]: subject for subject in found}


def _change_of(entry: Entry, received_at: datetime) -> Change:
    occurred_at = min(entry.occurred_at or received_at, received_at)
    return Change(entry.kind, entry.scope, entry.purpose, entry.source, occurred_at=occurred_at)


def _event(one: _Taken, key: bytes) -> ConsentEvent:
    """The entry as the next event of its subject's chain, sealed and hashed, not saved yet."""
    subject, entry, at = one.subject, one.entry, one.received_at
    event = ConsentEvent(
        kind=one.change.kind,
        scope=one.change.scope,
        purpose=one.change.purpose,
        source=one.change.source,
        occurred_at=one.change.occurred_at,
        subject_id=subject.pk,
        sequence=subject.last_sequence + 1,
        previous_hash=subject.head_hash,
        received_at=at,
        format=CURRENT_FORMAT,
        keyword=entry.keyword[:100],
        actor=entry.actor[:200],
        reason=entry.reason[:500],
        reference=entry.reference[:200],
    )
    future = {"claimed_at": entry.occurred_at} if entry.occurred_at and entry.occurred_at > at else {}
    event.evidence = seal_evidence(
        key,
        {**entry.evidence, **future, "number": entry.msisdn, "text": ""},
        number_hash=subject.number_hash,
        sequence=event.sequence,
    )
    event.hash = hash_of(event, number_hash=subject.number_hash)
    subject.last_sequence, subject.head_hash = event.sequence, event.hash
    return event


def _keys(numbers: Mapping[int, str]) -> dict[int, bytes]:
    """Data keys by subject id, made where missing; `numbers` has the number of each subject."""
    keys = {row.pk: unwrap(row) for row in SubjectKey.objects.filter(pk__in=numbers)}
    made = {pk: new_key(pk, msisdn) for pk, msisdn in numbers.items() if pk not in keys}
    names = _names(SubjectKey)
    insert_columns(SubjectKey, names, [*map(attrgetter(*names), (row for _, row in made.values()))])
    return keys | {pk: key for pk, (key, _) in made.items()}


def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
