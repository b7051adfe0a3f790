"""1,000 messages, 100 a request, through the embedded default: each arrives once, with its report, none is locked."""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")
import django

django.setup()

import requests  # noqa: E402

from bench.targets import SMOKE, verdict  # noqa: E402
from operations.demo import Instance, fresh_instance  # noqa: E402

MESSAGES = 200 if SMOKE else 1_000
PER_REQUEST = 100
CLIENTS = 2
ROUNDS = 1 if SMOKE else 3
TARGET = 300.0


def main() -> int:
    rates = []
    with errors_in_file() as errors, fresh_instance() as instance:
        for number in range(ROUNDS):
            rate = one_round(instance, number)
            print(f"round {number + 1}: {rate:.0f} messages/s from first accept to last accepted")
            rates.append(rate)
        locked = errors.read_text().count("database is locked")
    median = statistics.median(rates)
    print(
        f"median: {median:.0f} messages/s (target {TARGET:.0f}); database is locked: {locked} times (target 0)"
    )
    missed = [f"{median:.0f} messages/s instead of {TARGET:.0f}"] if median < TARGET else []
    return verdict(missed + ([f"{locked} times locked"] if locked else []))


@contextmanager
def errors_in_file() -> Iterator[Path]:
    """What this process and those it starts say on standard error, in a file; said again at the end."""
    with tempfile.NamedTemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield Path(file.name)
        finally:
            os.dup2(kept, 2)
            sys.stderr.write(Path(file.name).read_text())


def one_round(instance: Instance, number: int) -> float:
    numbers = [f"+1415{5_550_000 + number * MESSAGES + index:07d}" for index in range(MESSAGES)]
    batches = [numbers[start : start + PER_REQUEST] for start in range(0, MESSAGES, PER_REQUEST)]

    def submit(batch: list[str]) -> None:
        answer = requests.post(
            f"{instance.url}/api/v1/messages/batch",
            json={"messages": [{"to": to, "channel": "demo", "text": f"Message to {to}"} for to in batch]},
            headers={"Authorization": f"Bearer {instance.api_key}"},
            timeout=30,
        )
        assert (answer.status_code, answer.json()["refused"]) == (202, 0), answer.text

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(submit, batches))
    rows = wait_until_delivered(instance, numbers)
    assert_each_arrived_once(instance, numbers)
    first = min(row[0] for row in rows)
    last = max(row[1] for row in rows)
    return MESSAGES / (last - first).total_seconds()


def wait_until_delivered(instance: Instance, numbers: list[str]) -> list[tuple[datetime, datetime]]:
    marks = ",".join("?" * len(numbers))
    query = f"SELECT state, created_at, accepted_at FROM messaging_message WHERE msisdn IN ({marks})"
    deadline = time.monotonic() + 120
    while True:
        with sqlite3.connect(f"file:{database(instance)}?mode=ro", uri=True) as connection:
            rows = connection.execute(query, numbers).fetchall()
        if len(rows) == len(numbers) and all(row[0] == "delivered" for row in rows):
            return [(datetime.fromisoformat(row[1]), datetime.fromisoformat(row[2])) for row in rows]
        assert time.monotonic() < deadline, f"not all delivered: {[row[0] for row in rows]}"
        time.sleep(0.2)


def database(instance: Instance) -> Path:
    return instance.data_dir / "smsgateway.sqlite3"


def assert_each_arrived_once(instance: Instance, numbers: list[str]) -> None:
    messages = requests.get(f"{instance.simulator_url}/_messages", timeout=10).json()["messages"]
    arrived = [message["to"] for message in messages if message["to"] in set(numbers)]
    assert sorted(arrived) == sorted(numbers), f"{len(arrived)} arrived of {len(numbers)}"


if __name__ == "__main__":
    sys.exit(main())
