"""Each event of a subject carries the hash of the one before it: a changed, lost or moved event shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from consent.models import ConsentEvent, ConsentSubject

# Every column but the row id (known after the insert), the subject (its hash stands in) and the hash itself. A
# column added later is covered from the next format on: the hash of an event never changes, nor what it covers.
_FIRST = (
    "sequence", "kind", "scope", "purpose", "source", "keyword", "rule_version", "actor", "reason",
    "reference", "occurred_at", "received_at", "evidence", "previous_hash",
)  # fmt: skip
_SECOND = (*_FIRST, "format", "decision", "disclosure_id", "policy_version", "time_proven")
COLUMNS: dict[int, tuple[str, ...]] = {1: _FIRST, 2: _SECOND}
CURRENT_FORMAT = 2
# What a first-format event must have in the columns that its hash does not cover.
_UNCOVERED = {"decision": "", "disclosure_id": None, "policy_version": "", "time_proven": False}


def hash_of(event: ConsentEvent, *, number_hash: str) -> str:
    """SHA-256 (hex) over the canonical JSON of the format's columns, ciphertext and previous hash included."""
    columns = {name: _plain(getattr(event, name)) for name in COLUMNS[event.format]} | {
        "subject": number_hash
    }
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def problems_of(events: Iterable[ConsentEvent], subject: ConsentSubject) -> list[str]:
    """What is wrong with a subject's events, given in order of their sequence: one line each."""
    problems: list[str] = []
    sequence, previous, touched_at = 0, "", None
    for event in events:
        sequence += 1
        if event.sequence != sequence:
            problems.append(f"Event {sequence} is missing: event {event.sequence} follows.")
            sequence = event.sequence
        if event.previous_hash != previous:
            problems.append(f"Event {event.sequence} does not join the event before it.")
        if not is_untouched(event, number_hash=subject.number_hash):
            problems.append(f"Event {event.sequence} was changed after it was written.")
        previous, touched_at = event.hash, event.received_at
    if (subject.last_sequence, subject.head_hash) != (sequence, previous):
        problems.append(
            f"The newest event should be number {subject.last_sequence} with the hash that its subject keeps; "
            f"it is number {sequence}."
        )
    elif touched_at and subject.touched_at != touched_at:
        problems.append("The subject's row was changed: its last write is not the newest event.")
    return problems


def is_untouched(event: ConsentEvent, *, number_hash: str) -> bool:
    """Whether an event is what its hash says; one of an unknown format is not."""
    if event.format == 1 and any(getattr(event, name) != value for name, value in _UNCOVERED.items()):
        return False
    return event.format in COLUMNS and event.hash == hash_of(event, number_hash=number_hash)


def verify_chain(subject_id: int) -> list[str]:
    """What is wrong with a subject's chain, one line each; an empty list: nothing was tampered with."""
    # One statement for both: an event written meanwhile must not look like tampering.
    events = ConsentEvent.objects.filter(subject_id=subject_id).select_related("subject").order_by("sequence")
    found = list(events)
    subject = found[0].subject if found else ConsentSubject.objects.get(pk=subject_id)
    return problems_of(found, subject)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
