"""The evidence pack of one number: everything on record, with all that an outsider needs to check the chain."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from consent.chain import COLUMNS, verify_chain
from consent.models import ConsentSubject
from consent.sealing import unwrap
from consent.selectors import state_of
from consent.timeline import timeline, words_of
from consent.wording import purpose_words, scope_words
from core.clock import now

FORMAT = "smsgateway-evidence/1"
HOW = (
    "Each event's hash is SHA-256 over canonical JSON: the values under `hashed`, keys sorted, no blanks after commas "
    "and colons, ASCII only (other characters as \\u escapes), times in UTC with six decimals. `previous_hash` of an "
    "event is the `hash` of the one before it; the first has an empty one; the last is `chain.head`.",
    "The number and the words of the person are sealed inside `hashed.evidence`: base64url of a 12-byte nonce and "
    "AES-256-GCM ciphertext, with `sealed_for` as associated data. `chain.key` (base64) opens them, and nothing else "
    "in the gateway. What it opens must equal `said`.",
    "A person can have the record erased: then the key is gone, `said` is empty, and the hashes still prove which "
    "events there were and when.",
)


def pack_of(subject: ConsentSubject, *, number: str, made_by: str) -> dict[str, Any]:
    """The pack as plain data, ready for JSON; `number` is what to call the subject (erased: as the asker brings it)."""
    steps = timeline(subject)[::-1]
    key = getattr(subject, "key", None)
    return {
        "format": FORMAT,
        "made_at": _text(now()),
        "made_by": made_by,
        "number": number,
        "subject": subject.number_hash,
        "state": {
            "summary": words_of([state_of(row) for row in subject.states.all()]),
            "cells": [
                {
                    "scope": row.scope,
                    "purpose": row.purpose,
                    "state": row.state,
                    "source": row.source,
                    "changed_at": _text(row.changed_at),
                }
                for row in subject.states.order_by("scope", "purpose")
            ],
        },
        "chain": {
            "algorithm": "SHA-256",
            "head": subject.head_hash,
            "events": subject.last_sequence,
            "key": base64.b64encode(unwrap(key)).decode("ascii") if key else "",
            "problems": verify_chain(subject.pk),
            "how_to_check": list(HOW),
        },
        "events": [_event(step, subject) for step in steps],
    }


def _event(step: Any, subject: ConsentSubject) -> dict[str, Any]:
    event, opened = step.event, step.opened
    hashed = {name: _plain(getattr(event, name)) for name in COLUMNS[event.format]} | {
        "subject": subject.number_hash
    }
    said = {} if opened.erased else {"number": opened.number, "text": opened.text, **opened.evidence}
    return {
        "sequence": event.sequence,
        "what": event.get_kind_display(),
        "where": f"{scope_words(event.scope)}, {purpose_words(event.purpose).lower()}",
        "before": step.before,
        "after": step.after,
        "hashed": hashed,
        "hash": event.hash,
        "sealed_for": f"consent.consentevent:{subject.number_hash}:{event.sequence}",
        "said": said,
        "erased": opened.erased,
    }


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, datetime) else value


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
