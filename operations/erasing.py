"""Erase a person everywhere: readable nowhere, refused for ever, and the proof of what was asked for stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection, transaction

import campaigns.authoring.erasing
import campaigns.forgetting
import consent.erasing
import conversations.erasing
import messaging.erasing
import profiles.erasing
import webhooks.erasing
from access.idempotency import forget_about
from messaging import suppress

# What else keeps numbers: name in the report, function of the number that erases and counts.
PLACES: tuple[tuple[str, Callable[[str], int]], ...] = (
    ("inbound messages and raw callbacks", webhooks.erasing.erase_number),
    ("conversations", conversations.erasing.erase_number),
    ("recipients of campaigns", campaigns.forgetting.erase_number),
    ("profiles", profiles.erasing.erase_number),
    ("staff numbers", campaigns.authoring.erasing.erase_number),
    ("stored answers of the API", forget_about),
)


@dataclass(frozen=True)
class Report:
    """What was erased, by place; `left` messages were on the wire and need a second run."""

    counts: dict[str, int] = field(default_factory=dict)
    left: int = 0


def erase(*, msisdn: str, actor: str, reason: str) -> Report:
    """Erase a number (E.164) everywhere. RequestInvalid without an actor or a reason."""
    with transaction.atomic():
        erased = consent.erasing.erase(msisdn=msisdn, actor=actor, reason=reason)
        cancelled = messaging.erasing.cancel_waiting(subject_id=erased.subject_id, actor=actor)
    suppress.wait_until_idle(erased.subject_id)
    messages = messaging.erasing.erase_number(msisdn)
    counts = {"messages cancelled": cancelled, "messages": messages.messages}
    counts |= {name: run(msisdn) for name, run in PLACES}
    _write_through()
    return Report(counts=counts, left=messages.left)


def _write_through() -> None:
    """SQLite: the log of changes still holds the old pages until it is written into the file."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
