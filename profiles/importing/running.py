"""Workers carry imports on, one batch per transaction: a kill loses at most a batch, and nothing is done twice."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, DataError, connection, transaction

from core.clock import now
from core.collector import collector_paused
from profiles.entries import Entry, Outcome, Verdict
from profiles.importing.models import AT_WORK, ImportState, ProfileImport, ProfileImportBatch
from profiles.importing.rows import RowRefused, read_row
from profiles.importing.storing import pack, packed_ids, plan_of, unpack
from profiles.upserting import judge_many, upsert_many

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.01


def continue_imports(*, seconds: float = 10.0, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work on imports for at most `seconds`; gives how many batches were done."""
    deadline, done = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and not stopping():
        if not _next_batch():
            break
        done += 1
        if connection.vendor == "sqlite":
            time.sleep(_PAUSE_SECONDS)  # its one write lock is not fair: let the senders have it
    return done


def _next_batch() -> bool:
    """Do the next batch of the oldest import that no other worker holds; False when there is none."""
    job: ProfileImport | None = None
    waiting = ProfileImport.objects.filter(state__in=AT_WORK).order_by("id")
    if not waiting.exists():  # nothing to do takes no write lock
        return False
    try:
        with transaction.atomic():
            # The lock is the lease: it dies with the worker.
            job = waiting.select_for_update(skip_locked=True).first()
            if job is None:
                return False
            with collector_paused():
                _do_batch(job)
    except Exception as error:
        is_away = isinstance(error, DatabaseError) and not isinstance(error, DataError)
        if job is None or is_away:
            raise  # the next round tries again
        log.exception("profile import %s stopped at batch %s", job.pk, job.position)
        ProfileImport.objects.filter(pk=job.pk, state__in=AT_WORK).update(
            state=ImportState.FAILED,
            finished_at=now(),
            problem=f"An error of ours stopped it after {job.position} of {job.batches} parts; see the log. "
            "What was imported stays; the same file may be imported again.",
        )
    return True


def _do_batch(job: ProfileImport) -> None:
    is_real = job.state == ImportState.RUNNING
    if job.position < job.batches:
        batch = ProfileImportBatch.objects.get(of=job, number=job.position)
        done = _take(job, unpack(job.pk, batch.number, batch.records), is_real=is_real)
        for verdict in Verdict:
            setattr(job, verdict, getattr(job, verdict) + done.counts[verdict])
        batch.report, batch.refused = (
            pack(job.pk, batch.number, done.report),
            done.counts[Verdict.REFUSED],
        )
        if is_real:
            batch.records, batch.profile_ids = "", packed_ids(done.profile_ids)
        batch.save(update_fields=("report", "refused", "records", "profile_ids"))
        job.position += 1
    if job.position >= job.batches:
        job.state = ImportState.DONE if is_real else ImportState.CHECKED
        job.finished_at = now() if is_real else None
    job.save()


@dataclass
class _Done:
    """What became of a batch."""

    report: list[list[Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    profile_ids: list[UUID] = field(default_factory=list)


def _take(job: ProfileImport, records: Sequence[tuple[int, list[str]]], *, is_real: bool) -> _Done:
    done, plan = _Done(), plan_of(job)
    lines: list[int] = []
    entries: list[Entry] = []
    for line, cells in records:
        try:
            entries.append(read_row(cells, plan))
            lines.append(line)
        except RowRefused as refusal:
            done.report.append([line, Verdict.REFUSED, str(refusal)])
    outcomes = (upsert_many if is_real else judge_many)(entries, key=plan.key, policy=plan.policy)
    for line, outcome in zip(lines, outcomes, strict=True):
        done.report.append(_line(line, outcome))
        if outcome.profile_id is not None:
            done.profile_ids.append(outcome.profile_id)
    done.report.sort(key=lambda line: int(line[0]))
    done.counts.update(verdict for _, verdict, _ in done.report)
    return done


def _line(line: int, outcome: Outcome) -> list[Any]:
    return [line, outcome.verdict, outcome.error.text if outcome.error else ""]
