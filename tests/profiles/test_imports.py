from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection

from core.clock import now
from core.errors import ImportUnreadable, RequestInvalid
from profiles.entries import Entry, Key, Policy
from profiles.importing import running, storing
from profiles.importing.columns import Column, Target, guess
from profiles.importing.models import ImportState, ProfileImport, ProfileImportBatch
from profiles.importing.reports import refusals_of, report_of
from profiles.importing.rows import RowRefused, _figure
from profiles.importing.running import continue_imports
from profiles.models import OtherNumber, Profile
from profiles.upserting import upsert_many

pytestmark = pytest.mark.django_db
A, B, C = (f"+1415555010{n}" for n in range(1, 4))


def received(text: str, name: str = "people.csv") -> ProfileImport:
    data = text.encode()
    return storing.receive(file=io.BytesIO(data), size=len(data), name=name, actor="ada")


def tried(text: str, key: Key = Key.EXTERNAL_ID, policy: Policy = Policy.UPDATE) -> ProfileImport:
    job = received(text)
    columns = guess(job.columns, storing.sample_of(job))
    storing.choose(job=job, columns=columns, key=key, policy=policy, country="US")
    continue_imports()
    job.refresh_from_db()
    return job


def imported(text: str, key: Key = Key.EXTERNAL_ID, policy: Policy = Policy.UPDATE) -> ProfileImport:
    job = tried(text, key, policy)
    storing.start(job=job)
    continue_imports()
    job.refresh_from_db()
    return job


def people(count: int) -> str:
    rows = (f"c{n},+1415{5_560_000 + n},Name {n},{n}\n" for n in range(count))
    return "external_id,phone,first name,points\n" + "".join(rows)


def counts(job: ProfileImport) -> tuple[int, ...]:
    return job.created, job.updated, job.unchanged, job.skipped, job.refused


def test_an_import_makes_profiles_with_numbers_and_attributes() -> None:
    job = imported(
        "external_id,phone,mobile,lang,time zone,first name,address.city,points\n"
        f"ada,{A},{B},en,Europe/London,Ada,London,7\n"
    )
    assert (job.state, counts(job)) == (ImportState.DONE, (1, 0, 0, 0, 0))
    ada = Profile.objects.get()
    assert (ada.external_id, ada.msisdn, ada.language, ada.time_zone) == ("ada", A, "en", "Europe/London")
    assert ada.attributes == {"firstName": "Ada", "address": {"city": "London"}, "points": 7}
    assert OtherNumber.objects.get().msisdn == B
    assert ada.created_at == ada.updated_at
    assert now() - ada.created_at < timedelta(minutes=1)


def test_a_number_that_may_be_read_in_two_ways_is_refused_and_guessed_as_text() -> None:
    guessed = imported(f'external_id,phone,points\nada,{A},980\nbob,{B},"1,250"\n')
    assert counts(guessed) == (2, 0, 0, 0, 0)
    assert Profile.objects.get(external_id="bob").attributes == {"points": "1,250"}
    with pytest.raises(RowRefused, match=r"may be read in two ways\. Write 1250 or 1\.2500"):
        _figure("1,250", "points")
    assert [_figure(text, "points") for text in ("1,25", "0,125", "1250", "1.250")] == [
        1.25,
        0.125,
        1250,
        1.25,
    ]


def test_a_dry_run_tells_of_every_row_and_writes_nothing() -> None:
    upsert_many(
        [Entry("ada", (A,), {"city": "London"}), Entry("bob", (B,))],
        key=Key.EXTERNAL_ID,
        policy=Policy.UPDATE,
    )
    job = tried(
        f"id,phone,city\nada,{A},London\nbob,{B},=d\nbob,{B},Rome\neve,{C},x\neve,{C},\nzoe,{A},\n,{A},\n"
    )
    assert (job.state, counts(job)) == (ImportState.CHECKED, (1, 1, 2, 0, 3))
    assert [line for line, _ in refusals_of(job)] == [3, 7, 8]
    report = "".join(report_of(job)).splitlines()
    assert report[0] == "line,result,why,id,phone,city"
    assert report[1] == f"2,nothing to change,,ada,{A},London"
    assert (
        report[2]
        == f"3,would be refused,The column city holds a formula. Write its result instead.,bob,{B},'=d"
    )
    assert report[3] == f"4,would be updated,,bob,{B},Rome"
    assert "another profile" in report[6]
    assert len("".join(report_of(job, refused_only=True)).splitlines()) == 4
    assert Profile.objects.count() == 2
    assert Profile.objects.get(external_id="bob").attributes == {}


@pytest.mark.parametrize(
    ("policy", "counted", "attributes"),
    [
        (Policy.UPDATE, (1, 1, 0, 0, 0), {"a": 1, "b": 2}),
        (Policy.REPLACE, (1, 1, 0, 0, 0), {"b": 2}),
        (Policy.SKIP, (1, 0, 0, 1, 0), {"a": 1}),
    ],
)
def test_what_is_there_is_treated_as_chosen(policy: Policy, counted: Any, attributes: Any) -> None:
    upsert_many([Entry("ada", (A,), {"a": 1})], key=Key.EXTERNAL_ID, policy=Policy.UPDATE)
    assert counts(imported(f"id,phone,b\nada,{A},2\nbob,{B},3\n", policy=policy)) == counted
    assert Profile.objects.get(external_id="ada").attributes == attributes


def test_a_list_of_numbers_needs_no_external_id() -> None:
    job = imported_as_numbers(f"{A}\n(415) 555-0102\n{A}\n")
    assert counts(job) == (2, 0, 1, 0, 0)
    assert set(Profile.objects.values_list("msisdn", flat=True)) == {A, B}


def imported_as_numbers(text: str) -> ProfileImport:
    job = received(text)
    storing.choose(
        job=job, columns=[Column(Target.NUMBER)], key=Key.NUMBER, policy=Policy.UPDATE, country="US"
    )
    continue_imports()
    storing.start(job=ProfileImport.objects.get())
    continue_imports()
    return ProfileImport.objects.get()


def test_nothing_of_the_file_stays_once_it_is_imported_but_the_report_of_lines() -> None:
    job = imported(f"id,phone\nada,{A}\nbob,nonsense\n")
    assert ProfileImportBatch.objects.get().records == ""
    assert "".join(report_of(job)).splitlines()[1] == "2,made,"
    assert A not in "".join(report_of(job))


def test_rows_at_rest_are_sealed() -> None:
    received(f"id,phone\nada,{A}\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT records FROM profiles_profileimportbatch")
        ((stored,),) = cursor.fetchall()
    assert stored.startswith("v1:")
    assert A not in stored


class Killed(BaseException):
    """What a kill does to a transaction."""


def test_a_kill_in_the_middle_loses_one_batch_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job = tried(people(2500))
    storing.start(job=job)
    real, calls = running.upsert_many, []

    def dying(entries: Any, **words: Any) -> Any:
        calls.append(1)
        outcomes = real(entries, **words)
        if len(calls) == 2:
            raise Killed
        return outcomes

    monkeypatch.setattr(running, "upsert_many", dying)
    with pytest.raises(Killed):
        continue_imports()
    job.refresh_from_db()
    assert (job.state, job.position, Profile.objects.count()) == (ImportState.RUNNING, 1, 1000)
    continue_imports()
    job.refresh_from_db()
    assert (job.state, counts(job), Profile.objects.count()) == (ImportState.DONE, (2500, 0, 0, 0, 0), 2500)


def test_the_same_file_again_changes_nothing() -> None:
    imported(people(3))
    assert counts(imported(people(3))) == (0, 0, 3, 0, 0)


def test_the_profiles_of_an_import_can_be_listed_page_by_page() -> None:
    before = imported(people(10))
    job = imported(people(2300))
    Profile.objects.get(external_id="c7").delete()
    found, after, pages = [], 0, 0
    while True:
        ids, after = storing.profiles_of(job.pk, after=after, limit=1000)
        found += ids
        pages += 1
        if not after:
            break
    assert (len(found), len(set(found)), pages) == (2299, 2299, 3)
    assert set(found) == set(Profile.objects.values_list("id", flat=True))
    assert len(storing.profiles_of(before.pk)[0]) == 9


@pytest.mark.parametrize("error", [ZeroDivisionError, DataError])
def test_an_error_of_ours_stops_the_import_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: Any, error: type[Exception]
) -> None:
    job = tried(people(2))
    storing.start(job=job)

    def broken(entries: Any, **words: Any) -> Any:
        raise error

    monkeypatch.setattr(running, "upsert_many", broken)
    continue_imports()
    job.refresh_from_db()
    assert job.state == ImportState.FAILED
    assert "0 of 1 parts" in job.problem
    assert "stopped at batch 0" in caplog.text


@pytest.mark.parametrize("error", [OperationalError, IntegrityError])
def test_what_may_pass_is_tried_again(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    job = tried(people(2))
    storing.start(job=job)

    def broken(entries: Any, **words: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(running, "upsert_many", broken)
        with pytest.raises(error):
            continue_imports()
    continue_imports()
    job.refresh_from_db()
    assert (job.state, job.created) == (ImportState.DONE, 2)


def test_a_worker_with_nothing_to_do_asks_once_and_locks_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert continue_imports() == 0


def test_cancelling_forgets_the_rows_and_a_cancelled_import_cannot_start() -> None:
    job = tried(people(2))
    storing.cancel(job=job)
    assert not ProfileImportBatch.objects.exclude(records="").exists()
    with pytest.raises(RequestInvalid):
        storing.start(job=job)


def test_an_import_cancelled_in_the_middle_keeps_what_it_did() -> None:
    job = tried(people(2500))
    storing.start(job=job)
    assert continue_imports(stopping=iter([False, True]).__next__) == 1
    storing.cancel(job=job)
    assert continue_imports() == 0
    job.refresh_from_db()
    assert (job.state, job.position, Profile.objects.count()) == (ImportState.CANCELLED, 1, 1000)


@pytest.mark.parametrize("text", ["", "id,phone\n", f'id,phone\nada,"{A}\n', "," * 500])
def test_of_a_file_that_cannot_be_read_nothing_is_kept(text: str) -> None:
    with pytest.raises(ImportUnreadable):
        received(text)
    assert not ProfileImport.objects.exists()


def test_what_was_left_behind_is_forgotten() -> None:
    broken, old, fresh = received(people(1)), received(people(1)), received(people(1))
    ProfileImport.objects.filter(pk=broken.pk).update(
        state=ImportState.RECEIVING, created_at=now() - timedelta(hours=2)
    )
    ProfileImport.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=8))
    storing.forget_left_behind()
    assert dict(ProfileImport.objects.values_list("pk", "state")) == {
        old.pk: ImportState.CANCELLED, fresh.pk: ImportState.MAPPING,
    }  # fmt: skip
    assert list(ProfileImportBatch.objects.exclude(records="").values_list("of", flat=True)) == [fresh.pk]
