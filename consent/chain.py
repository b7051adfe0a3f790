"""Each event of a subject carries the hash of the one before it: a changed, lost or moved event shows."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from consent.models import ConsentEvent, ConsentSubject

# Every column but the row id (known after the insert), the subject (its hash stands in) and the hash itself.
_FIRST = (
    "sequence", "kind", "scope", "purpose", "source", "keyword", "rule_version", "actor", "reason",
    "reference", "occurred_at", "received_at", "evidence", "previous_hash",
)  # fmt: skip
COLUMNS: dict[int, tuple[str, ...]] = {1: _FIRST, 2: _FIRST}


def hash_of(event: ConsentEvent, *, number_hash: str) -> str:
    """SHA-256 (hex) over the canonical JSON of all columns, ciphertext and previous hash included."""
    columns = {name: _plain(getattr(event, name)) for name in COLUMNS[event.format]} | {"subject": number_hash}
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def verify_chain(subject_id: int) -> list[str]:
    """What is wrong with a subject's chain, one line each; an empty list: nothing was tampered with."""
    # One statement for both: an event written meanwhile must not look like tampering.
    events = ConsentEvent.objects.filter(subject_id=subject_id).select_related("subject").order_by("sequence")
    subject: ConsentSubject | None = None
    problems: list[str] = []
    sequence, previous = 0, ""
    for event in events.iterator():
        subject = event.subject
        sequence += 1
        if event.sequence != sequence:
            problems.append(f"Event {sequence} is missing: event {event.sequence} follows.")
            sequence = event.sequence
        if event.previous_hash != previous:
            problems.append(f"Event {event.sequence} does not join the event before it.")
        if event.hash != hash_of(event, number_hash=subject.number_hash):
            problems.append(f"Event {event.sequence} was changed after it was written.")
        previous = event.hash
    subject = subject or ConsentSubject.objects.get(pk=subject_id)
    if (subject.last_sequence, subject.head_hash) != (sequence, previous):
        problems.append(f"The newest event should be number {subject.last_sequence}; it is {sequence}.")
    return problems


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
