"""A million opt-outs from a CSV file into the ledger, on PostgreSQL and on SQLite: minutes, memory, none missing.

Then the whole record is verified, as `manage.py verify_consent` does it: chains, checkpoints, states.
"""

from __future__ import annotations

import io
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


def main() -> int:
    from tests import services
    from tests.plugins.suites import postgresql_bin

    results: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = directory / "opt-outs.csv"
        write_file(file)
        print(f"{ROWS:,} rows, {file.stat().st_size / 1e6:.0f} MB")
        engines = {"SQLite": ""}
        if postgresql_bin():
            engines["PostgreSQL"] = stack.enter_context(services.postgresql())
        for name, url in engines.items():
            results[name] = measured(name, url, file, directory / name)
    return verdict([text for name, result in results.items() for text in _missed(name, result)])


def _missed(name: str, result: Mapping[str, float]) -> Iterator[str]:
    """The targets that one engine does not reach."""
    seconds = result["upload"] + result["import"]
    if seconds > TARGET_SECONDS:
        yield f"{name} takes {seconds:.0f} s for {ROWS:,} rows, over {TARGET_SECONDS:.0f}"
    if result["mib"] > TARGET_MIB:
        yield f"{name} takes {result['mib']:.0f} MiB, over {TARGET_MIB:.0f}"


def measured(name: str, url: str, file: Path, data: Path) -> dict[str, float]:
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
        [sys.executable, "-m", "bench.consent_import", str(file)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    print(
        f"{name}: upload {result['upload']:.1f} s, dry run {result['try']:.1f} s, import {result['import']:.1f} s "
        f"({ROWS / result['import']:,.0f} rows/s, {result['import_cpu'] / ROWS * 1e6:.0f} µs of CPU a row), "
        f"peak {result['mib']:.0f} MiB; verified in {result['verify']:.1f} s, then {result['verify_mib']:.0f} MiB"
    )
    return result


def write_file(file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("contact_id,status,date_of_consent,source,correlation_id\n")
        for index in range(ROWS):
            out.write(
                f"+1415{2_000_000 + index:07d},opt-out,2026-01-{index % 28 + 1:02d}T10:05:27Z,opt-out-message,"
                f"{index:032x}\n"
            )


def child(file: Path) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from consent.chain import verify_chain
    from consent.importing import storing
    from consent.importing.models import ImportState
    from consent.importing.presets import PRESETS, guess_columns, guess_preset
    from consent.models import ConsentEvent, ConsentState
    from messaging.consent_changes import continue_imports

    call_command("migrate", verbosity=0)
    times: dict[str, float] = {}

    def work(name: str) -> None:
        started, cpu = time.perf_counter(), time.process_time()
        while continue_imports():
            pass
        times[name], times[f"{name}_cpu"] = time.perf_counter() - started, time.process_time() - cpu

    started = time.perf_counter()
    with file.open("rb") as source:
        job = storing.receive(file=source, size=file.stat().st_size, name=file.name, actor="bench")
    times["upload"] = time.perf_counter() - started
    preset = guess_preset(job.columns)
    plan = {
        "columns": guess_columns(job.columns, PRESETS[preset]), "state": "out", "scope": "all", "purpose": "all",
        "country": "US", "keep_rest": True,
    }  # fmt: skip
    storing.choose(job=job, preset=preset, plan=plan, note="Moved from another provider")
    work("try")
    job.refresh_from_db()
    assert (job.state, job.opted_out, job.refused) == (ImportState.CHECKED, ROWS, 0), job.problem
    storing.start(job=job)
    work("import")
    job.refresh_from_db()
    assert (job.state, job.opted_out) == (ImportState.DONE, ROWS), job.problem
    assert ConsentEvent.objects.count() == ConsentState.objects.filter(state="out").count() == ROWS
    for event in ConsentEvent.objects.filter(pk__in=range(1, ROWS, max(ROWS // 50, 1))):
        assert verify_chain(event.subject_id) == []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    call_command(
        "verify_consent", stdout=io.StringIO(), stderr=io.StringIO()
    )  # ends this run when it finds anything
    times["verify"] = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(times | {"mib": peak, "verify_mib": after}))
    return 0


if __name__ == "__main__":
    sys.exit(child(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
