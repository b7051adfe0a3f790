"""The report of an import as CSV, one line per row of the file, streamed."""

from __future__ import annotations

from collections.abc import Iterator

from core.csv_out import csv_lines
from profiles.entries import Verdict
from profiles.importing.models import ImportState, ProfileImport, ProfileImportBatch
from profiles.importing.storing import unpack

_DONE: dict[str, str] = {
    Verdict.CREATED: "made",
    Verdict.UPDATED: "updated",
    Verdict.UNCHANGED: "nothing to change",
    Verdict.SKIPPED: "left alone",
    Verdict.REFUSED: "refused",
}
_TRIED = _DONE | {
    Verdict.CREATED: "would be made",
    Verdict.UPDATED: "would be updated",
    Verdict.SKIPPED: "would be left alone",
    Verdict.REFUSED: "would be refused",
}


def report_of(job: ProfileImport, *, refused_only: bool = False) -> Iterator[str]:
    """CSV text: line, result, why; and the row itself as long as the file is kept (until it is imported)."""
    words = _TRIED if job.state in (ImportState.CHECKED, ImportState.CHECKING) else _DONE
    return csv_lines(_rows(job, words, refused_only=refused_only))


def refusals_of(job: ProfileImport, count: int = 20) -> list[tuple[int, str]]:
    """The first refused rows: line and why."""
    found: list[tuple[int, str]] = []
    for batch in ProfileImportBatch.objects.filter(of=job, refused__gt=0).order_by("number")[:count]:
        report = unpack(job.pk, batch.number, batch.report)
        found += [(line, why) for line, verdict, why in report if verdict == Verdict.REFUSED]
    return found[:count]


def _rows(job: ProfileImport, words: dict[str, str], *, refused_only: bool) -> Iterator[list[str]]:
    has_records = job.state == ImportState.CHECKED
    yield ["line", "result", "why", *(job.columns if has_records else [])]
    parts = ProfileImportBatch.objects.filter(of=job).exclude(report="").order_by("number")
    for batch in parts.iterator(chunk_size=1):
        cells = dict(unpack(job.pk, batch.number, batch.records)) if has_records and batch.records else {}
        for line, verdict, why in unpack(job.pk, batch.number, batch.report):
            if not refused_only or verdict == Verdict.REFUSED:
                yield [str(line), words[verdict], why, *cells.get(line, [])]
