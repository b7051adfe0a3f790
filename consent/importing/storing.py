"""The records of an import between upload and ledger: sealed, compressed, a thousand to a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from consent.importing.models import UNDONE, ConsentImport, ImportBatch, ImportState
from consent.importing.rows import Plan
from core import packing
from core.clock import now
from core.csv_in import check_size, read_table
from core.errors import ImportUnreadable, RequestInvalid

# A list of numbers is not kept for ever because somebody forgot it.
KEPT_UNDONE = timedelta(days=7)
_RECEIVED_WITHIN = timedelta(hours=1)


def receive(*, file: BinaryIO, size: int, name: str, actor: str) -> ConsentImport:
    """Read a file into sealed batches; ImportUnreadable says what is wrong with it, and nothing is kept then."""
    check_size(size)
    table = read_table(file)
    job = ConsentImport.objects.create(
        file_name=name[-200:],
        encoding=table.encoding,
        separator=table.separator,
        columns=table.columns,
        created_by=actor[:150],
    )
    try:
        for number, batch in enumerate(packing.in_batches(table.records)):
            records = [[record.line, record.cells] for record in batch]
            # Each row in a transaction of its own: a long upload must not keep senders waiting.
            ImportBatch.objects.create(of=job, number=number, records=pack(job.pk, number, records))
            job.rows += len(batch)
            job.batches += 1
        if not job.rows:
            raise ImportUnreadable("The file has column names and no rows. Export it again.")
    except BaseException:
        job.delete()
        raise
    job.state = ImportState.MAPPING
    job.save(update_fields=("rows", "batches", "state"))
    return job


def pack(import_id: UUID, number: int, value: Any) -> str:
    """A value as sealed text, bound to its batch."""
    return packing.pack(value, place=_place(import_id, number))


def unpack(import_id: UUID, number: int, sealed: str) -> Any:
    """What `pack` was given."""
    return packing.unpack(sealed, place=_place(import_id, number))


def sample_of(job: ConsentImport, count: int = 5) -> list[list[str]]:
    """The cells of the first records, while they are kept."""
    batch = ImportBatch.objects.filter(of=job, number=0).first()
    if batch is None or not batch.records:
        return []
    return [cells for _, cells in unpack(job.pk, 0, batch.records)[:count]]


def plan_of(job: ConsentImport) -> Plan:
    """How the rows of an import are read."""
    kept: Mapping[str, Any] = job.plan
    return Plan(
        columns=kept["columns"],
        state=kept["state"],
        scope=kept["scope"],
        purpose=kept["purpose"],
        country=kept["country"],
        names=job.columns,
        zone=ZoneInfo(settings.TIME_ZONE),
        keep_rest=kept["keep_rest"],
    )


def choose(*, job: ConsentImport, preset: str, plan: Mapping[str, Any], note: str) -> None:
    """Set how the columns are read and try it on every row; nothing is written to the ledger."""
    changed = ConsentImport.objects.filter(pk=job.pk, state__in=UNDONE).update(
        preset=preset, plan=dict(plan), note=note[:500], state=ImportState.CHECKING, **_FROM_THE_START
    )
    _or_refuse(changed)


def start(*, job: ConsentImport) -> None:
    """Import what was tried; workers do it from here on."""
    changed = ConsentImport.objects.filter(pk=job.pk, state=ImportState.CHECKED).update(
        state=ImportState.RUNNING, started_at=now(), **_FROM_THE_START
    )
    _or_refuse(changed)


def cancel(*, job: ConsentImport) -> None:
    """Stop; what is in the ledger stays there, the records still kept are deleted."""
    going = (*UNDONE, ImportState.RUNNING)
    changed = ConsentImport.objects.filter(pk=job.pk, state__in=going).update(
        state=ImportState.CANCELLED, finished_at=now()
    )
    _or_refuse(changed)
    forget_records(job)


def forget_records(job: ConsentImport) -> None:
    """Delete the numbers of an import that is over; its report of lines and reasons stays."""
    ImportBatch.objects.filter(of=job).exclude(records="").update(records="")


def forget_left_behind() -> int:
    """Drop what nobody finished: uploads that broke off, and lists untouched for a week."""
    broken = ConsentImport.objects.filter(
        state=ImportState.RECEIVING, created_at__lt=now() - _RECEIVED_WITHIN
    )
    old = ConsentImport.objects.filter(state__in=UNDONE, created_at__lt=now() - KEPT_UNDONE)
    count = broken.delete()[0]
    for job in old:
        cancel(job=job)
        count += 1
    return count


_FROM_THE_START: Mapping[str, Any] = {
    "position": 0, "opted_out": 0, "opted_in": 0, "unchanged": 0, "refused": 0, "suppressed": 0, "problem": "",
}  # fmt: skip


def _or_refuse(changed: int) -> None:
    if not changed:
        raise RequestInvalid("This import has moved on meanwhile. Look at its page again.")


def _place(import_id: UUID, number: int) -> str:
    return f"consent.importbatch:{import_id}:{number}"
