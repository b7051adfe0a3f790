"""The records of an import between upload and profiles, and the steps an import takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import UUID

from core import packing
from core.clock import now
from core.csv_in import check_size, read_table
from core.errors import ImportUnreadable, RequestInvalid
from profiles.entries import Key, Policy
from profiles.importing.columns import Column
from profiles.importing.models import UNDONE, ImportState, ProfileImport, ProfileImportBatch
from profiles.importing.rows import Plan
from profiles.models import Profile

# A list of people is not kept for ever because somebody forgot it.
KEPT_UNDONE = timedelta(days=7)
_RECEIVED_WITHIN = timedelta(hours=1)
_FROM_THE_START: Mapping[str, Any] = {
    "position": 0, "created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "refused": 0, "problem": "",
}  # fmt: skip


def receive(*, file: BinaryIO, size: int, name: str, actor: str) -> ProfileImport:
    """Read a file into sealed batches; ImportUnreadable says what is wrong with it, and nothing is kept then."""
    check_size(size)
    table = read_table(file)
    job = ProfileImport.objects.create(
        file_name=name[-200:],
        encoding=table.encoding,
        separator=table.separator,
        columns=table.columns,
        created_by=actor[:150],
    )
    try:
        for number, batch in enumerate(packing.in_batches(table.records)):
            records = [[record.line, record.cells] for record in batch]
            # Each row in a transaction of its own: a long upload must not keep others waiting.
            ProfileImportBatch.objects.create(of=job, number=number, records=pack(job.pk, number, records))
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


def sample_of(job: ProfileImport, count: int = 20) -> list[list[str]]:
    """The cells of the first records, while they are kept."""
    batch = ProfileImportBatch.objects.filter(of=job, number=0).first()
    if batch is None or not batch.records:
        return []
    return [cells for _, cells in unpack(job.pk, 0, batch.records)[:count]]


def plan_of(job: ProfileImport) -> Plan:
    """How the rows of an import are read."""
    kept: Mapping[str, Any] = job.plan
    return Plan(
        columns=[Column.from_plan(one) for one in kept["columns"]],
        names=job.columns,
        key=Key(kept["key"]),
        policy=Policy(kept["policy"]),
        country=kept["country"],
    )


def choose(
    *, job: ProfileImport, columns: Sequence[Column], key: Key, policy: Policy, country: str = ""
) -> None:
    """Set how the columns are read and try it on every row; no profile is written."""
    plan = {"columns": [one.kept for one in columns], "key": key, "policy": policy, "country": country}
    changed = ProfileImport.objects.filter(pk=job.pk, state__in=UNDONE).update(
        plan=plan, state=ImportState.CHECKING, **_FROM_THE_START
    )
    _or_refuse(changed)


def start(*, job: ProfileImport) -> None:
    """Import what was tried; workers do it from here on."""
    changed = ProfileImport.objects.filter(pk=job.pk, state=ImportState.CHECKED).update(
        state=ImportState.RUNNING, started_at=now(), **_FROM_THE_START
    )
    _or_refuse(changed)


def cancel(*, job: ProfileImport) -> None:
    """Stop; what was imported stays, the records still kept are deleted."""
    going = (*UNDONE, ImportState.RUNNING)
    changed = ProfileImport.objects.filter(pk=job.pk, state__in=going).update(
        state=ImportState.CANCELLED, finished_at=now()
    )
    _or_refuse(changed)
    forget_records(job)


def forget_records(job: ProfileImport) -> None:
    """Delete the rows of an import that is over; its report of lines and reasons stays."""
    ProfileImportBatch.objects.filter(of=job).exclude(records="").update(records="")


def forget_left_behind() -> int:
    """Drop what nobody finished: uploads that broke off, and lists untouched for a week."""
    broken = ProfileImport.objects.filter(
        state=ImportState.RECEIVING, created_at__lt=now() - _RECEIVED_WITHIN
    )
    old = ProfileImport.objects.filter(state__in=UNDONE, created_at__lt=now() - KEPT_UNDONE)
    count = broken.delete()[0]
    for job in old:
        cancel(job=job)
        count += 1
    return count


def profiles_of(import_id: UUID, *, after: int = 0, limit: int = 1000) -> tuple[list[UUID], int]:
    """Ids of profiles that an import made or found, and where to go on: `after` of the next call, 0 at the end.

    For lists of people: each call gives about `limit` ids, some perhaps twice in different calls; profiles that were
    deleted since are left out.
    """
    parts = ProfileImportBatch.objects.filter(of=import_id, number__gte=after).order_by("number")
    found: list[UUID] = []
    for number, packed in parts.values_list("number", "profile_ids").iterator(chunk_size=10):
        if found and len(found) + len(packed) // 16 > limit:
            return _alive(found), number
        found += ids_in(bytes(packed))
    return _alive(found), 0


def packed_ids(ids: Sequence[UUID]) -> bytes:
    """Ids in the order given, each once."""
    return b"".join(one.bytes for one in dict.fromkeys(ids))


def ids_in(packed: bytes) -> list[UUID]:
    """The reverse of `packed_ids`."""
    return [UUID(bytes=packed[start : start + 16]) for start in range(0, len(packed), 16)]


def _alive(ids: Sequence[UUID]) -> list[UUID]:
    alive = set(Profile.objects.filter(pk__in=ids).order_by().values_list("pk", flat=True))
    return [one for one in dict.fromkeys(ids) if one in alive]


def _or_refuse(changed: int) -> None:
    if not changed:
        raise RequestInvalid("This import has moved on meanwhile. Look at its page again.")


def _place(import_id: UUID, number: int) -> str:
    return f"profiles.importbatch:{import_id}:{number}"
