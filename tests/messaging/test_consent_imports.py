from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection

from consent import ledger
from consent.importing import running, storing
from consent.importing.models import ConsentImport, ImportBatch, ImportState
from consent.importing.reports import refusals_of, report_of
from consent.models import ConsentEvent, ConsentSubject
from consent.selectors import history
from core.errors import ImportUnreadable, RequestInvalid
from messaging.consent_changes import continue_imports
from messaging.models import Message

pytestmark = pytest.mark.django_db
PLAN = {
    "columns": {"number": 0, "state": 1}, "state": "", "scope": "all", "purpose": "all", "country": "US",
    "keep_rest": True,
}  # fmt: skip
ADA, BOB = "+14155550101", "+14155550102"


def received(text: str, name: str = "list.csv") -> ConsentImport:
    data = text.encode()
    return storing.receive(file=io.BytesIO(data), size=len(data), name=name, actor="ada")


def tried(text: str) -> ConsentImport:
    job = received(text)
    storing.choose(job=job, preset="other", plan=PLAN, note="Moved from another provider")
    continue_imports()
    job.refresh_from_db()
    return job


def imported(text: str) -> ConsentImport:
    job = tried(text)
    storing.start(job=job)
    continue_imports()
    job.refresh_from_db()
    return job


def people(count: int, state: str = "out") -> str:
    return "number,state\n" + "".join(f"+1415{5_560_000 + n},{state}\n" for n in range(count))


def test_a_dry_run_tells_of_every_row_and_writes_nothing() -> None:
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    job = tried(
        f"number,state,form\n{ADA},in,a\n{BOB},in,b\n+14155550103,out,c\nnonsense,out,=d\n{BOB},in,e\n"
    )
    assert (job.state, job.opted_in, job.opted_out, job.refused, job.unchanged) == (
        ImportState.CHECKED, 1, 1, 2, 1,
    )  # fmt: skip
    assert [line for line, _ in refusals_of(job)] == [2, 5]
    report = "".join(report_of(job)).splitlines()
    assert report[0] == "line,result,why,number,state,form"
    assert report[2] == f"3,would be opted in,,{BOB},in,b"
    assert report[4].endswith("nonsense,out,'=d")
    assert len("".join(report_of(job, refused_only=True)).splitlines()) == 3
    assert ConsentEvent.objects.count() == 1


def test_the_import_records_number_file_line_note_and_actor() -> None:
    job = imported(f"number,state,form\n{ADA},out,signup\n")
    (one,) = history(ADA)
    assert (one.event.kind, one.event.source, one.event.actor, one.event.reason) == (
        "opt_out", "import", "ada", "Moved from another provider",
    )  # fmt: skip
    assert one.event.reference == f"import:{job.pk}"
    assert one.evidence == {"file": "list.csv", "line": 2, "columns": {"form": "signup"}}


def test_waiting_messages_are_suppressed_with_the_opt_out(queue: Any) -> None:
    mine, other = queue(to=ADA), queue(to=BOB)
    job = imported(f"number,state\n{ADA},out\n+14155550109,out\n")
    assert job.suppressed == 1
    states = dict(Message.objects.values_list("msisdn", "state"))
    assert states == {mine.msisdn: "suppressed", other.msisdn: "queued"}


def test_nothing_of_the_file_stays_once_it_is_imported_but_the_report_of_lines() -> None:
    job = imported(f"number,state\n{ADA},out\nnonsense,out\n")
    (batch,) = ImportBatch.objects.all()
    assert batch.records == ""
    assert "".join(report_of(job)).splitlines()[1] == "2,opted out,"
    assert ADA not in "".join(report_of(job))


def test_rows_at_rest_are_sealed() -> None:
    received(f"number,state\n{ADA},out\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT records FROM consent_importbatch")
        ((stored,),) = cursor.fetchall()
    assert stored.startswith("v1:")
    assert ADA not in stored


class Killed(BaseException):
    """What a kill does to a transaction."""


def test_a_kill_in_the_middle_loses_one_batch_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = tried(people(2500))
    storing.start(job=job)
    real, calls = running.record_many, []

    def dying(entries: Any) -> Any:
        calls.append(1)
        outcomes = real(entries)
        if len(calls) == 2:
            raise Killed
        return outcomes

    monkeypatch.setattr(running, "record_many", dying)
    with pytest.raises(Killed):
        continue_imports()
    job.refresh_from_db()
    assert (job.state, job.position, ConsentEvent.objects.count()) == (ImportState.RUNNING, 1, 1000)
    continue_imports()
    job.refresh_from_db()
    assert (job.state, job.opted_out, ConsentEvent.objects.count()) == (ImportState.DONE, 2500, 2500)
    assert ConsentSubject.objects.filter(last_sequence=1).count() == 2500


def test_the_same_file_again_changes_nothing() -> None:
    imported(people(3))
    again = imported(people(3))
    assert (again.opted_out, again.unchanged, ConsentEvent.objects.count()) == (0, 3, 3)


def test_an_error_of_ours_stops_the_import_and_says_so(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    job = tried(people(2))
    storing.start(job=job)

    def broken(entries: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(running, "record_many", broken)
    continue_imports()
    job.refresh_from_db()
    assert job.state == ImportState.FAILED
    assert "0 of 1 parts" in job.problem
    assert "stopped at batch 0" in caplog.text


def test_cancelling_forgets_the_rows_and_a_cancelled_import_cannot_start() -> None:
    job = tried(people(2))
    storing.cancel(job=job)
    assert not ImportBatch.objects.exclude(records="").exists()
    with pytest.raises(RequestInvalid):
        storing.start(job=job)


@pytest.mark.parametrize("text", ["", "number,state\n", 'number,state\n+14155550101,"out\n'])
def test_of_a_file_that_cannot_be_read_nothing_is_kept(text: str) -> None:
    with pytest.raises(ImportUnreadable):
        received(text)
    assert not ConsentImport.objects.exists()


def test_what_was_left_behind_is_forgotten() -> None:
    from datetime import timedelta

    from core.clock import now

    broken, old, fresh = received(people(1)), received(people(1)), received(people(1))
    ConsentImport.objects.filter(pk=broken.pk).update(
        state=ImportState.RECEIVING, created_at=now() - timedelta(hours=2)
    )
    ConsentImport.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=8))
    storing.forget_left_behind()
    assert dict(ConsentImport.objects.values_list("pk", "state")) == {
        old.pk: ImportState.CANCELLED, fresh.pk: ImportState.MAPPING,
    }  # fmt: skip
    assert list(ImportBatch.objects.exclude(records="").values_list("of", flat=True)) == [fresh.pk]
