"""Workers carry imports on, one batch per transaction: a kill loses at most a batch, and nothing is done twice."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, transaction

from consent.bulk_recording import Entry, Outcome, Verdict, judge_many, record_many
from consent.importing.models import AT_WORK, ConsentImport, ImportBatch, ImportState
from consent.importing.rows import Row, RowRefused, read_row
from consent.importing.storing import pack, plan_of, unpack
from consent.models import Source
from core.clock import now
from core.collector import collector_paused

log = logging.getLogger(__name__)

REFUSED = "refused"
_KEPT_OUT = "The number has opted out; an import never turns that round. Record a new consent by hand, with its proof."
_PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class Withdrawal:
    """An opt-out that was just recorded; its subject is locked until the transaction ends."""

    subject_id: int
    scope: str
    purpose: str


Withdrawn = Callable[[Sequence[Withdrawal]], int]


def continue_imports(
    *, withdrawn: Withdrawn, seconds: float = 10.0, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Work on imports for at most `seconds`; gives how many batches were done.

    `withdrawn` suppresses waiting messages, in the transaction that records the opt-outs, and tells how many: messages
    live on a floor above.
    """
    deadline, done = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and not stopping():
        if not _next_batch(withdrawn):
            break
        done += 1
        if connection.vendor == "sqlite":
            time.sleep(_PAUSE_SECONDS)  # its one write lock is not fair: let the senders have it
    return done


def _next_batch(withdrawn: Withdrawn) -> bool:
    """Do the next batch of the oldest import that no other worker holds; False when there is none."""
    job: ConsentImport | None = None
    try:
        with transaction.atomic():
            waiting = ConsentImport.objects.filter(state__in=AT_WORK).order_by("id")
            job = waiting.select_for_update(skip_locked=True).first()
            if job is None:
                return False
            with collector_paused():
                _do_batch(job, withdrawn)
    except DatabaseError:
        raise  # the next round tries again
    except Exception:
        if job is None:
            raise
        log.exception("import %s stopped at batch %s", job.pk, job.position)
        ConsentImport.objects.filter(pk=job.pk, state__in=AT_WORK).update(
            state=ImportState.FAILED,
            finished_at=now(),
            problem=f"An error of ours stopped it after {job.position} of {job.batches} parts; see the log. "
            "What was imported stays; the same file may be imported again, nothing is recorded twice.",
        )
    return True


def _do_batch(job: ConsentImport, withdrawn: Withdrawn) -> None:
    is_real = job.state == ImportState.RUNNING
    if job.position < job.batches:
        batch = ImportBatch.objects.get(of=job, number=job.position)
        done = _take(job, unpack(job.pk, batch.number, batch.records), is_real=is_real)
        job.opted_out += done.counts["opt_out"]
        job.opted_in += done.counts["opt_in"]
        job.unchanged += done.counts[Verdict.UNCHANGED]
        job.refused += done.counts[REFUSED]
        job.suppressed += withdrawn(done.withdrawals) if done.withdrawals else 0
        batch.report, batch.refused = pack(job.pk, batch.number, done.report), done.counts[REFUSED]
        if is_real:
            batch.records = ""
        batch.save(update_fields=("report", "refused", "records"))
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
    withdrawals: list[Withdrawal] = field(default_factory=list)


def _take(job: ConsentImport, records: Sequence[tuple[int, list[str]]], *, is_real: bool) -> _Done:
    done, plan = _Done(), plan_of(job)
    rows: list[Row] = []
    for line, cells in records:
        try:
            rows.append(read_row(line, cells, plan))
        except RowRefused as refusal:
            done.report.append([line, REFUSED, str(refusal)])
    entries = [_entry(job, row) for row in rows]
    outcomes = record_many(entries) if is_real else judge_many(entries)
    for row, outcome in zip(rows, outcomes, strict=True):
        done.report.append(_line(row, outcome))
        if outcome.verdict is Verdict.RECORDED and row.kind == "opt_out" and outcome.subject_id is not None:
            done.withdrawals.append(Withdrawal(outcome.subject_id, row.scope, row.purpose))
    done.report.sort(key=lambda line: int(line[0]))
    done.counts.update(verdict for _, verdict, _ in done.report)
    return done


def _line(row: Row, outcome: Outcome) -> list[Any]:
    if outcome.verdict is Verdict.KEPT_OUT:
        return [row.line, REFUSED, _KEPT_OUT]
    return [row.line, row.kind if outcome.verdict is Verdict.RECORDED else Verdict.UNCHANGED.value, ""]


def _entry(job: ConsentImport, row: Row) -> Entry:
    return Entry(
        msisdn=row.msisdn,
        kind=row.kind,
        scope=row.scope,
        purpose=row.purpose,
        source=Source.IMPORT,
        occurred_at=row.occurred_at,
        keyword=row.keyword,
        actor=job.created_by,
        reason=job.note,
        reference=f"import:{job.pk}",
        evidence={"file": job.file_name, **row.evidence},
    )
