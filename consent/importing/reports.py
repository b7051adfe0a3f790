"""The report of an import as CSV, one line per row of the file, streamed."""

from __future__ import annotations

from collections.abc import Iterator

from consent.importing.models import ConsentImport, ImportBatch, ImportState
from consent.importing.running import REFUSED
from consent.importing.storing import unpack
from core.csv_out import csv_lines

_DONE = {
    "opt_out": "opted out",
    "opt_in": "opted in",
    "unchanged": "nothing to change",
    REFUSED: "refused",
}
_TRIED = _DONE | {"opt_out": "would be opted out", "opt_in": "would be opted in", REFUSED: "would be refused"}


def report_of(job: ConsentImport, *, refused_only: bool = False) -> Iterator[str]:
    """CSV text: line, result, why; and the row itself as long as the file is kept (until it is imported)."""
    words = _TRIED if job.state in (ImportState.CHECKED, ImportState.CHECKING) else _DONE
    return csv_lines(_rows(job, words, refused_only=refused_only))


def _rows(job: ConsentImport, words: dict[str, str], *, refused_only: bool) -> Iterator[list[str]]:
    has_records = job.state == ImportState.CHECKED
    yield ["line", "result", "why", *(job.columns if has_records else [])]
    for batch in (
        ImportBatch.objects.filter(of=job).exclude(report="").order_by("number").iterator(chunk_size=1)
    ):
        cells = dict(unpack(job.pk, batch.number, batch.records)) if has_records and batch.records else {}
        for line, verdict, why in unpack(job.pk, batch.number, batch.report):
            if not refused_only or verdict == REFUSED:
                yield [str(line), words[verdict], why, *cells.get(line, [])]


def refusals_of(job: ConsentImport, count: int = 20) -> list[tuple[int, str]]:
    """The first refused rows: line and why."""
    found: list[tuple[int, str]] = []
    for batch in ImportBatch.objects.filter(of=job, refused__gt=0).order_by("number")[:count]:
        report = unpack(job.pk, batch.number, batch.report)
        found += [(line, why) for line, verdict, why in report if verdict == REFUSED]
    return found[:count]
