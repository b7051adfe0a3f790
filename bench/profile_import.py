"""A million profiles from a CSV file on both databases, made, then updated: minutes, memory, none missing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from bench.targets import SMOKE, verdict

ROWS = int(os.environ.get("BENCH_ROWS", "20000" if SMOKE else "1000000"))
TARGET_SECONDS = 300.0
TARGET_MIB = 500.0
HEADER = "external_id,phone,mobile,language,time_zone,first_name,address.city,points,vip\n"


def main() -> int:
    from tests import services
    from tests.plugins.suites import postgresql_bin

    results: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        first, second = directory / "people.csv", directory / "changes.csv"
        write_file(first, points=0)
        write_file(second, points=1)
        print(f"{ROWS:,} rows, {first.stat().st_size / 1e6:.0f} MB")
        engines = {"PostgreSQL": stack.enter_context(services.postgresql())} if postgresql_bin() else {}
        engines["SQLite"] = ""
        for name, url in engines.items():
            results[name] = measured(name, url, (first, second), directory / name)
    return verdict([text for name, result in results.items() for text in _missed(name, result)])


def _missed(name: str, result: Mapping[str, float]) -> Iterator[str]:
    """The targets that one engine does not reach."""
    for kind in ("make", "update"):
        seconds = result[f"{kind}_upload"] + result[kind]
        if seconds > TARGET_SECONDS:
            yield f"{name} takes {seconds:.0f} s to {kind} {ROWS:,} profiles, over {TARGET_SECONDS:.0f}"
    if result["mib"] > TARGET_MIB:
        yield f"{name} takes {result['mib']:.0f} MiB, over {TARGET_MIB:.0f}"


def measured(name: str, url: str, files: tuple[Path, Path], data: Path) -> dict[str, float]:
    """One engine, in a process of its own so that its memory is its own."""
    environment = {
        **os.environ,
        "SMSGATEWAY_DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": "smsgateway.settings",
    }
    environment.pop("DATABASE_URL", None)
    if url:
        environment["DATABASE_URL"] = url
    output = subprocess.run(
        [sys.executable, "-m", "bench.profile_import", *map(str, files)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    for kind in ("make", "update"):
        print(
            f"{name}, {kind}: upload {result[f'{kind}_upload']:.1f} s, dry run {result[f'{kind}_try']:.1f} s, "
            f"import {result[kind]:.1f} s ({ROWS / result[kind]:,.0f} rows/s, "
            f"{result[f'{kind}_cpu'] / ROWS * 1e6:.0f} µs of CPU a row)"
        )
    print(f"{name}: peak {result['mib']:.0f} MiB")
    return result


def write_file(file: Path, *, points: int) -> None:
    """Each person with one number, every tenth with two."""
    with file.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for index in range(ROWS):
            second = f"+1212{2_000_000 + index:07d}" if index % 10 == 0 else ""
            out.write(
                f"customer-{index},+1415{2_000_000 + index:07d},{second},en,Europe/London,Ada {index},London,"
                f"{index + points},{'yes' if index % 7 else 'no'}\n"
            )


def child(files: list[Path]) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from profiles.models import OtherNumber, Profile

    call_command("migrate", verbosity=0)
    times: dict[str, float] = {}
    for kind, file in zip(("make", "update"), files, strict=True):
        _import(file, kind, times)
    assert Profile.objects.count() == ROWS
    assert OtherNumber.objects.count() == (ROWS + 9) // 10
    assert Profile.objects.get(external_id="customer-7").attributes == {
        "first_name": "Ada 7", "address": {"city": "London"}, "points": 8, "vip": False,
    }  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(times | {"mib": peak}))
    return 0


def _import(file: Path, kind: str, times: dict[str, float]) -> None:
    """Upload, dry run and import of one file, as the screens do it."""
    from profiles.entries import Key, Policy
    from profiles.importing import storing
    from profiles.importing.columns import guess
    from profiles.importing.models import ImportState
    from profiles.importing.running import continue_imports

    def work(name: str) -> None:
        started, cpu = time.perf_counter(), time.process_time()
        while continue_imports():
            pass
        times[name], times[f"{name}_cpu"] = time.perf_counter() - started, time.process_time() - cpu

    started = time.perf_counter()
    with file.open("rb") as source:
        job = storing.receive(file=source, size=file.stat().st_size, name=file.name, actor="bench")
    times[f"{kind}_upload"] = time.perf_counter() - started
    columns = guess(job.columns, storing.sample_of(job))
    storing.choose(job=job, columns=columns, key=Key.EXTERNAL_ID, policy=Policy.UPDATE)
    work(f"{kind}_try")
    job.refresh_from_db()
    counted = "created" if kind == "make" else "updated"
    assert (job.state, getattr(job, counted), job.refused) == (ImportState.CHECKED, ROWS, 0), job.problem
    storing.start(job=job)
    work(kind)
    job.refresh_from_db()
    assert (job.state, getattr(job, counted)) == (ImportState.DONE, ROWS), job.problem


if __name__ == "__main__":
    sys.exit(child([Path(one) for one in sys.argv[1:]]) if len(sys.argv) > 1 else main())
