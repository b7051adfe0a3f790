"""Inbound messages and reports through the server of production, beside a view that only inserts the body.

Both run granian with two workers on one PostgreSQL and are called in turn within each round, so that whatever else the
machine does hits both; the ratios are of medians over the rounds. Everything that is promised is on: raw callback
sealed and kept, keyword rules, consent, suppression, confirmation, the wait before the answer, durable commits.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.http_load import Load, post, run
from bench.targets import SMOKE, verdict
from tests.production import SENDER, Gateway
from tests.services import cluster, redis

ROUNDS = 2 if SMOKE else 7
REQUESTS = 60 if SMOKE else 400
WARM_UP = 20 if SMOKE else 200
MOST_P99_MS = 150.0
_TABLE = """
import django; django.setup()
from django.db import connection
connection.cursor().execute(
    "CREATE TABLE bench_body (id bigserial PRIMARY KEY, body text NOT NULL, received_at timestamptz NOT NULL)"
)
"""
# Recipients of messages that were accepted: they write, and their messages are reported on.
_MESSAGES = """
import django; django.setup()
import uuid
from datetime import timedelta
from consent import ledger
from core.bulk import insert_rows
from core.clock import now
from messaging.models import ChannelConfiguration, Message, MessagePart
channel = ChannelConfiguration.objects.get()
numbers = [f"+1415{5_600_000 + index:07d}" for index in range(int(COUNT))]
subjects = ledger.subjects_for(numbers)
for start in range(0, len(numbers), 500):
    some = numbers[start : start + 500]
    rows = [
        {"id": uuid.uuid4(), "channel_id": channel.pk, "credential_id": channel.credential_id, "msisdn": number,
         "subject_id": subjects[number], "sender": channel.sender, "purpose": channel.purpose, "source": "api",
         "text": "Hello", "state": "accepted", "valid_until": now() + timedelta(hours=4), "accepted_at": now()}
        for number in some
    ]
    insert_rows(Message, rows)
    insert_rows(MessagePart, [
        {"message_id": row["id"], "number": 1, "state": "accepted", "provider_id": "p-" + row["msisdn"]}
        for row in rows
    ])
"""


@dataclass
class Kind:
    """One kind of call: its target beside the bare view, and what the rounds gave."""

    name: str
    least: float
    aim: float
    loads: list[Load] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Median requests per second."""
        return statistics.median(load.rate for load in self.loads)

    def latency(self, share: float) -> float:
        """Median over the rounds of a percentile, in milliseconds."""
        return statistics.median(load.percentile(share) for load in self.loads)

    def body(self, index: int) -> bytes:
        """The call about recipient number `index`."""
        person = f"+1415{5_600_000 + index:07d}"
        if self.name == "delivery report":
            return json.dumps(
                {"type": "delivery_report", "messageId": f"p-{person}", "to": person, "status": "DELIVERED"}
            ).encode()
        text = "STOP" if self.name == "keyword STOP" else "See you at five, thank you!"
        return json.dumps(
            {
                "type": "inbound_message",
                "id": f"{self.name[:4]}-{index}",
                "from": person,
                "to": SENDER,
                "text": text,
            }
        ).encode()


BARE = Kind("bare insert", 0.0, 0.0)
OURS = [Kind("delivery report", 0.4, 0.8), Kind("inbound chat", 0.2, 0.4), Kind("keyword STOP", 0.2, 0.4)]


def main() -> int:
    with ExitStack() as stack:
        database = stack.enter_context(cluster())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smsgateway-bench-")))
        broker = stack.enter_context(redis())
        ours = Gateway(database.url, directory, workers=2, threads=2, extra={"REDIS_URL": broker})
        bare = Gateway(database.url, directory, workers=2, threads=2, application="bench.bare:application")
        ours.set_up()
        ours.script(_TABLE)
        ours.script(_MESSAGES, COUNT=str(ROUNDS * REQUESTS + WARM_UP))
        for server in (ours, bare):
            server.start()
            stack.callback(server.kill)
        hook = f"/hooks/{ours.token}/"
        for kind in (BARE, *OURS):
            measure(kind, ours, bare, hook, range(WARM_UP))
            kind.loads.clear()
        for number in range(ROUNDS):
            first = WARM_UP + number * REQUESTS
            for kind in (BARE, *OURS):
                measure(kind, ours, bare, hook, range(first, first + REQUESTS))
    return report()


def measure(kind: Kind, ours: Gateway, bare: Gateway, hook: str, indexes: range) -> None:
    """One run of one kind."""
    if kind is BARE:
        port, path, source = bare.port, "/take/", OURS[1]
    else:
        port, path, source = ours.port, hook, kind
    kind.loads.append(run(port, [post(path, source.body(index)) for index in indexes]))


def report() -> int:
    """Print the figures; 0 when every target is met."""
    print(f"{'':16} {'requests/s':>10} {'p50 ms':>7} {'p99 ms':>7} {'ratio':>6}  must  aim")
    print(f"{BARE.name:16} {BARE.rate:10.0f} {BARE.latency(0.5):7.1f} {BARE.latency(0.99):7.1f}")
    missed = []
    for kind in OURS:
        ratio, slowest = kind.rate / BARE.rate, kind.latency(0.99)
        print(
            f"{kind.name:16} {kind.rate:10.0f} {kind.latency(0.5):7.1f} {slowest:7.1f} {ratio:6.2f}  "
            f"{kind.least:.1f}   {kind.aim:.1f}"
        )
        if ratio < kind.least:
            missed.append(f"{kind.name} reaches {ratio:.2f} of the bare view, not {kind.least}")
        if slowest > MOST_P99_MS:
            missed.append(f"{kind.name} has a p99 of {slowest:.0f} ms, over {MOST_P99_MS:.0f}")
    return verdict(missed)


if __name__ == "__main__":
    sys.exit(main())
