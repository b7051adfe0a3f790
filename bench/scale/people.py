"""A million numbers with consent, by the importer that operators use: real keys, real chains."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from bench.scale.progress import say

_AT_ONCE = 100_000


def number(index: int) -> str:
    """The number of person `index`, E.164."""
    return f"+1415{2_000_000 + index:07d}"


def fill_people(count: int) -> None:
    """Import an opt-in or an opt-out for each, then the table `bench_person` (n, msisdn, subject_id)."""
    from consent.importing import storing
    from consent.importing.models import ImportState
    from consent.importing.presets import PRESETS, guess_columns, guess_preset
    from messaging.consent_changes import continue_imports

    with tempfile.NamedTemporaryFile("w+", suffix=".csv") as file:
        _write(file, count)
        with Path(file.name).open("rb") as source:
            size = Path(file.name).stat().st_size
            job = storing.receive(file=source, size=size, name="people.csv", actor="bench")
    preset = guess_preset(job.columns)
    plan = {
        "columns": guess_columns(job.columns, PRESETS[preset]),
        "state": "out", "scope": "all", "purpose": "all", "country": "US", "keep_rest": False,
    }  # fmt: skip
    storing.choose(job=job, preset=preset, plan=plan, note="Moved from another provider")
    _work(continue_imports, "people checked")
    storing.start(job=job)
    _work(continue_imports, "people imported")
    job.refresh_from_db()
    assert job.state == ImportState.DONE, job.problem
    _index_people(count)


def _write(file: object, count: int) -> None:
    print("number,state,time", file=file)
    for index in range(count):
        state = "opt-out" if index % 10 == 3 else "opt-in"
        day, month = index % 28 + 1, index % 9 + 1
        print(f"{number(index)},{state},2026-{month:02d}-{day:02d}T10:05:27Z", file=file)
    file.flush()  # type: ignore[attr-defined]


def _work(step: object, what: str) -> None:
    started = time.monotonic()
    for rounds in itertools.count(1):
        if not step():  # type: ignore[operator]
            break
        if rounds % 20 == 0:
            say(f"{what}: {time.monotonic() - started:.0f} s")


def _index_people(count: int) -> None:
    from consent.sealing import number_hash

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_person (n bigint PRIMARY KEY, msisdn varchar(16), subject_id bigint)"
        )
        cursor.execute("CREATE TABLE bench_hash (n bigint, msisdn varchar(16), hash varchar(64))")
        for start in range(0, count, _AT_ONCE):
            with cursor.copy("COPY bench_hash FROM STDIN") as copy:
                for row in _hashes(range(start, min(start + _AT_ONCE, count)), number_hash):
                    copy.write_row(row)
        cursor.execute(
            "INSERT INTO bench_person SELECT h.n, h.msisdn, s.id FROM bench_hash h "
            "JOIN consent_consentsubject s ON s.number_hash = h.hash"
        )
        cursor.execute("DROP TABLE bench_hash")
        cursor.execute("ANALYZE bench_person")


def _hashes(indexes: range, hashed: object) -> Iterator[tuple[int, str, str]]:
    for index in indexes:
        yield index, number(index), hashed(number(index))  # type: ignore[operator]
