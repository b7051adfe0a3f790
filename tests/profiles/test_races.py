from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from profiles.entries import Entry, Key, Policy
from profiles.importing import storing
from profiles.importing.columns import guess
from profiles.importing.models import ImportState, ProfileImport
from profiles.importing.running import continue_imports
from profiles.models import OtherNumber, Profile
from profiles.saving import make_preferred
from profiles.tagging import set_attribute
from profiles.upserting import upsert_many
from tests.consent.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
NUMBERS = [f"+1415556{number:04}" for number in range(40)]


def people(count: int) -> str:
    rows = (f"c{n},+1415{5_560_000 + n},Name {n}\n" for n in range(count))
    return "external_id,phone,first name\n" + "".join(rows)


def started(text: str) -> ProfileImport:
    data = text.encode()
    job = storing.receive(file=io.BytesIO(data), size=len(data), name="people.csv", actor="ada")
    columns = guess(job.columns, storing.sample_of(job))
    storing.choose(job=job, columns=columns, key=Key.EXTERNAL_ID, policy=Policy.UPDATE)
    continue_imports(seconds=60)
    storing.start(job=job)
    return job


def assert_each_number_once() -> None:
    preferred = list(Profile.objects.values_list("msisdn", flat=True))
    others = list(OtherNumber.objects.values_list("msisdn", flat=True))
    assert len({*preferred, *others}) == len(preferred) + len(others)


def test_a_number_that_several_want_at_once_goes_to_one() -> None:
    def take(name: str, other_first: bool) -> None:
        for number in NUMBERS:
            own = f"+1212{number[5:]}"
            numbers = (own, number) if other_first else (number, own)
            upsert_many([Entry(f"{name}-{number}", numbers)], key=Key.EXTERNAL_ID, policy=Policy.UPDATE)

    def tag() -> None:
        for number in NUMBERS:
            set_attribute(msisdn=number, name="vip", value="yes")

    together(lambda: take("a", True), lambda: take("b", False), tag)
    assert_each_number_once()
    assert Profile.objects.filter(attributes__vip="yes").count() == len(NUMBERS)


def test_two_who_prefer_different_numbers_at_once_lose_none() -> None:
    upsert_many([Entry("ada", tuple(NUMBERS[:3]))], key=Key.EXTERNAL_ID, policy=Policy.UPDATE)
    ada = Profile.objects.get()
    rows = list(OtherNumber.objects.all())
    together(*[lambda row=row: make_preferred(profile_id=ada.pk, number_id=row.pk) for row in rows])
    ada.refresh_from_db()
    assert {ada.msisdn, *OtherNumber.objects.values_list("msisdn", flat=True)} == set(NUMBERS[:3])


def test_many_workers_and_requests_beside_an_import_do_each_row_once() -> None:
    job = started(people(2200))

    def requests() -> None:
        for n in range(0, 2200, 100):
            entry = Entry(f"c{n}", (f"+1415{5_560_000 + n}",), {"seen": True})
            upsert_many([entry], key=Key.EXTERNAL_ID, policy=Policy.UPDATE)

    together(*[lambda: continue_imports(seconds=60)] * 3, requests)
    continue_imports(seconds=60)
    job.refresh_from_db()
    assert (job.state, job.created + job.updated, job.refused) == (ImportState.DONE, 2200, 0)
    assert Profile.objects.count() == 2200
    assert_each_number_once()
    assert Profile.objects.filter(attributes__has_key="firstName").count() == 2200
    assert Profile.objects.filter(attributes__seen=True).count() == 22


def test_a_worker_killed_in_the_middle_is_followed_by_another_and_each_row_counts_once() -> None:
    job = started(people(3500))
    for _ in range(2):
        with worker_of_its_own() as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "part\n"
            time.sleep(0.02)  # into the next part
            worker.send_signal(signal.SIGKILL)
        assert worker.returncode == -signal.SIGKILL
    job.refresh_from_db()
    assert 2 <= job.position < 4
    continue_imports(seconds=60)
    job.refresh_from_db()
    assert (job.state, job.created, job.updated, job.unchanged) == (ImportState.DONE, 3500, 0, 0)
    assert Profile.objects.count() == 3500


def worker_of_its_own() -> subprocess.Popen[str]:
    settings = connection.settings_dict
    url = f"sqlite:///{settings['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.profiles.killed"],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
