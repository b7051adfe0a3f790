"""The gateway as it runs in production, set up to send: granian, two workers, PostgreSQL and Redis of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from redis import Redis

from bench.http_load import post
from tests.production import ROOT, Gateway
from tests.services import cluster, redis

WORKERS = 2
TEXT = "Your table for two is booked: 19:30. Reply STOP to hear no more."
_KEY = """
import django; django.setup()
from access.keys import issue_key
from access.models import Scope
print(issue_key(name="bench", scopes=[Scope.SEND])[1])
"""
_STATES = "SELECT state, count(*) FROM messaging_message GROUP BY state"
_READY = "SELECT count(*) FROM operations_heartbeat WHERE kind = 'worker' AND at > now() - interval '10 s'"


@dataclass
class Sending:
    """Everything of ours that runs, and how to hand it messages."""

    gateway: Gateway
    port: int
    api_key: str
    pids: tuple[int, ...]
    name: str = "ours"
    accepted: int = 0

    def requests(self, numbers: list[str], each: int) -> list[bytes]:
        """Submissions of `each` messages, or of one through the API for single messages."""
        if each == 1:
            return [self._post("", _message(number)) for number in numbers]
        chunks = [numbers[start : start + each] for start in range(0, len(numbers), each)]
        return [self._post("/batch", {"messages": [_message(one) for one in chunk]}) for chunk in chunks]

    def settle(self, count: int) -> None:
        """Wait until these messages are accepted too, and none is anything else."""
        self.accepted += count
        deadline = time.monotonic() + 30
        states: dict[object, object] = {}
        while states != {"accepted": self.accepted}:
            assert time.monotonic() < deadline, f"{self.accepted} should be accepted, there are {states}"
            time.sleep(0.2)
            states = {row[0]: row[1] for row in self.query(_STATES)}

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows from the gateway's database."""
        with psycopg.connect(self.gateway.database_url) as connection:
            return connection.execute(sql.encode()).fetchall()

    def _post(self, path: str, body: object) -> bytes:
        return post(
            f"/api/v1/messages{path}", json.dumps(body).encode(), Authorization=f"Bearer {self.api_key}"
        )


def _message(number: str) -> dict[str, str]:
    return {"to": f"+{number}", "channel": "shop", "text": TEXT}


@contextmanager
def sending(directory: Path, *, provider: int, in_flight: int) -> Iterator[Sending]:
    """All of it, running, with so many requests at the provider at once; gone afterwards."""
    with ExitStack() as stack:
        database = stack.enter_context(cluster())
        broker = stack.enter_context(redis())
        gateway = Gateway(
            database.url,
            directory,
            provider_url=f"http://127.0.0.1:{provider}/messages",
            workers=2,
            threads=2,
            extra={"REDIS_URL": broker, "SMSGATEWAY_SENDER_THREADS": str(in_flight // WORKERS)},
        )
        gateway.set_up()
        api_key = gateway.script(_KEY).strip()
        gateway.start()
        stack.callback(gateway.kill)
        workers = [_worker(gateway, number) for number in range(WORKERS)]
        for worker in workers:
            stack.callback(worker.kill)
        server = Redis.from_url(broker).info("server")["process_id"]
        pids = (database.pid, server, gateway.pid, *(worker.pid for worker in workers))
        made = Sending(gateway, gateway.port, api_key, pids)
        deadline = time.monotonic() + 120
        while made.query(_READY) != [(1,)]:
            assert time.monotonic() < deadline, "no worker is alive"
            time.sleep(0.2)
        time.sleep(2)  # the second one is as far
        yield made


def _worker(gateway: Gateway, number: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "smsgateway", "worker", "-n", f"w{number}@%h", "-l", "ERROR"],
        env=gateway.environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=(gateway.data_dir / f"worker-{number}.log").open("wb"),
    )
