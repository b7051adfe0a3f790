"""Audiences over a million profiles on both databases: a page of a thousand members, and how long a count takes."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from bench.targets import SMOKE, verdict

ROWS = int(os.environ.get("BENCH_ROWS", "20000" if SMOKE else "1000000"))
TARGET_PAGE_MS = 200.0  # on PostgreSQL, of a stretch of a run that collects: it may find fewer than a page
TARGET_COUNT_MS = 4_000.0  # however many there are: the page waits for it
PAGE, PAGES, CHUNK = 1_000, 5, 20_000
CITIES, OTHERS = ("Berlin", "Paris", "Madrid", "Rome"), 2_000


def _condition(field: str, op: str, value: Any = None, **options: Any) -> dict[str, Any]:
    return {"all": [{"field": field, "op": op, "value": value, **options}]}


FILTERS: dict[str, dict[str, Any]] = {
    "a city of many": _condition("attributes.city", "is", "Berlin"),
    "a city of few": _condition("attributes.city", "is", "Town 7"),
    "a city of nobody": _condition("attributes.city", "is", "Nowhere"),
    "a list with an item": _condition("attributes.tags", "has", "gold"),
    "yes or no": _condition("attributes.vip", "is_true"),
    "more than": _condition("attributes.age", "more_than", 80),
    "more than anybody": _condition("attributes.age", "more_than", 1000),
    "dates of nobody": _condition("attributes.joined", "before", "1990-01-01"),
    "contains": _condition("attributes.city", "contains", "own 77"),
    "country": _condition("country", "is", "US"),
    "opted in": _condition("consent", "is", "opted_in"),
    "not sent to": _condition("messages", "not_sent", days=30),
    "everybody": {},
}


def main() -> int:
    from tests import services
    from tests.plugins.suites import postgresql_bin

    missed: list[str] = []
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        engines = {"PostgreSQL": stack.enter_context(services.postgresql())} if postgresql_bin() else {}
        engines["SQLite"] = ""
        for name, url in engines.items():
            print(f"{name}, {ROWS:,} profiles")
            missed += _missed(name, measured(url, f"{directory}/{name}"))
    return verdict(missed)


def measured(url: str, data: str) -> dict[str, Any]:
    """One engine, in a process of its own."""
    environment = {**os.environ, "SMSGATEWAY_DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "smsgateway.settings"}
    environment.pop("DATABASE_URL", None)
    if url:
        environment["DATABASE_URL"] = url
    command = [sys.executable, "-m", "bench.audiences", "child"]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    results: dict[str, Any] = json.loads(output.splitlines()[-1])
    for name, (page, count, text) in results.items():
        print(f"  {name:20} page {page:7.1f} ms   count {count:7.1f} ms   {text}")
    return results


def _missed(name: str, results: dict[str, Any]) -> Iterator[str]:
    for filtered, (page, count, _) in results.items():
        if name == "PostgreSQL" and page > TARGET_PAGE_MS:
            yield f"{name} takes {page:.0f} ms for a page of {filtered!r}, over {TARGET_PAGE_MS:.0f}"
        if count > TARGET_COUNT_MS:
            yield f"{name} takes {count:.0f} ms to count {filtered!r}, over {TARGET_COUNT_MS:.0f}"


def child() -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    _fill()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps({name: _measure(source) for name, source in FILTERS.items()}))
    return 0


def _fill() -> None:
    """Four cities have half of the people, two thousand towns the other half."""
    from django.db import connection

    from core.clock import now
    from core.columns import insert_columns
    from core.ids import uuid7
    from core.secrets import number_hash
    from profiles.models import Profile

    names = (
        "id",
        "msisdn",
        "number_hash",
        "external_id",
        "attributes",
        "language",
        "time_zone",
        "created_at",
        "updated_at",
    )
    chosen, moment = random.Random(7), now()
    if (
        connection.vendor == "sqlite"
    ):  # filling is not what is measured, and its small cache takes half an hour
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -400000")
    for start in range(0, ROWS, CHUNK):
        rows = []
        for index in range(start, min(start + CHUNK, ROWS)):
            msisdn = f"+4915{100_000_000 + index}" if index % 3 else f"+1415{2_000_000 + index}"
            city = chosen.choice(CITIES) if index % 2 else f"Town {chosen.randrange(OTHERS)}"
            attributes = {
                "firstName": f"Name {index % 5000}", "city": city, "age": index % 90, "vip": index % 50 == 0,
                "joined": f"20{index % 26:02}-05-{index % 28 + 1:02}",
                "tags": ["gold"] if index % 1000 == 0 else ["news"],
            }  # fmt: skip
            rows.append(
                (
                    uuid7(),
                    msisdn,
                    number_hash(msisdn),
                    f"crm-{index}",
                    json.dumps(attributes),
                    "en",
                    "",
                    moment,
                    moment,
                )
            )
        insert_columns(Profile, names, rows)


def _measure(source: dict[str, Any]) -> tuple[float, float, str]:
    """Median of some pages and time of the count, in milliseconds, and the count in words."""
    from campaigns.audiences.counting import count_of
    from campaigns.audiences.querying import matching
    from campaigns.audiences.scanning import next_stretch
    from campaigns.models import Audience

    rows, audience, after = matching(source), Audience(filter=source), None
    times: list[float] = []
    while len(times) < PAGES:
        started = time.perf_counter()
        page = next_stretch(audience, after=after, size=PAGE, columns=("msisdn",))
        times.append(time.perf_counter() - started)
        after = page.after
        if after is None:
            break
    started = time.perf_counter()
    count = count_of(rows)
    return statistics.median(times) * 1000, (time.perf_counter() - started) * 1000, count.text


if __name__ == "__main__":
    sys.exit(child() if sys.argv[1:] == ["child"] else main())
