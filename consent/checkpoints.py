"""Anchors over the whole ledger: each seals all events since the one before, with the pepper as key.

The chain of a subject ends somewhere; who cuts off its tail and forges the subject's row leaves no gap. A checkpoint
counted those events. It is made with a key that is not in the database, so it cannot be forged from there either; who
deletes the newest checkpoints too is found by a seal that was noted elsewhere (`verify_consent --anchor`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction

from consent.models import Checkpoint, ConsentEvent
from core.clock import now
from core.secrets import keyed_hash

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 200_000
_WAIT_FOR_WRITERS = "250ms"


@dataclass(frozen=True)
class Digest:
    """How many events there are in a range of ids, and a hash over all of them."""

    events: int
    digest: str


def make_checkpoint() -> Checkpoint | None:
    """Seal the events since the last checkpoint, at most 200,000; None: nothing new, or no quiet moment."""
    last = Checkpoint.objects.order_by("-id").first()
    after = last.through_id if last else 0
    through = _last_certain_id(after)
    if through is None:
        return None
    found = digest_of(after, through)
    with transaction.atomic():
        if Checkpoint.objects.order_by("-id").first() != last:
            return None  # another worker was faster
        previous = last.seal if last else ""
        checkpoint = Checkpoint(
            through_id=through,
            events=found.events,
            digest=found.digest,
            previous_seal=previous,
            made_at=now(),
        )
        checkpoint.seal = seal_of(checkpoint)
        made = Checkpoint.objects.bulk_create([checkpoint], ignore_conflicts=True)[0]
    logger.info("Ledger checkpoint through event %s: %s", made.through_id, made.seal)
    return made


def seal_of(checkpoint: Checkpoint) -> str:
    """The keyed hash that a checkpoint must carry."""
    parts = (checkpoint.through_id, checkpoint.events, checkpoint.digest, checkpoint.previous_seal)
    return keyed_hash("\x1f".join(str(part) for part in parts), use="consent-checkpoint")


def digest_of(after: int, through: int) -> Digest:
    """Count and hash of the events with ids above `after` up to `through`; constant memory."""
    running, count = hashlib.sha256(), 0
    rows = ConsentEvent.objects.filter(id__gt=after, id__lte=through).order_by("id")
    columns = rows.values_list("id", "subject_id", "sequence", "hash")
    for event_id, subject_id, sequence, digest in columns.iterator(chunk_size=5000):
        running.update(f"{event_id}:{subject_id}:{sequence}:{digest}\n".encode())
        count += 1
    return Digest(count, running.hexdigest())


def problems_of_checkpoints(*, anchor: str = "") -> Iterator[str]:
    """What is wrong with the checkpoints, or with the ledger they cover; `anchor` is a seal that must be there."""
    after, previous, anchored = 0, "", not anchor
    for checkpoint in Checkpoint.objects.order_by("id").iterator():
        name = f"Checkpoint {checkpoint.pk} (events {after + 1} to {checkpoint.through_id})"
        if checkpoint.seal != seal_of(checkpoint):
            yield f"{name} was changed after it was made."
        if checkpoint.previous_seal != previous:
            yield f"{name} does not join the checkpoint before it: one is missing."
        found = digest_of(after, checkpoint.through_id)
        if found.events != checkpoint.events:
            yield f"{name} sealed {checkpoint.events} events; there are {found.events} now."
        elif found.digest != checkpoint.digest:
            yield f"{name} sealed other events than there are now."
        anchored = anchored or anchor == checkpoint.seal
        after, previous = checkpoint.through_id, checkpoint.seal
    if not anchored:
        yield "No checkpoint has the seal that was noted: the newest checkpoints were removed."


def _last_certain_id(after: int) -> int | None:
    """The highest id below which no event can appear any more; None when nothing is new or writers are busy.

    An id is taken before its row is committed. On PostgreSQL a share lock, held for one statement, waits until nobody
    is between the two; SQLite has one writer at a time, and ids of committed rows are certain.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT_FOR_WRITERS}'")
                cursor.execute(f"LOCK TABLE {ConsentEvent._meta.db_table} IN SHARE MODE")
            rows = ConsentEvent.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)
            beyond = list(rows[_MOST_AT_ONCE - 1 : _MOST_AT_ONCE])
            newest = beyond[0] if beyond else rows.reverse().first()
            return newest
    except OperationalError:
        logger.info("No ledger checkpoint this time: somebody writes.")
        return None
