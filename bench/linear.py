"""The rate of sending from queues of different depth: 10,000, 100,000 and a million messages wait, some are sent.

One process drains; PostgreSQL with durable commits. The queue is filled by SQL in bulk. Each round sends the same
number from every depth, so that whatever else the machine does hits all.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.out import provider
from bench.targets import SMOKE, verdict
from tests.production import Gateway
from tests.services import cluster, redis

DEPTHS = (200, 400, 800) if SMOKE else (10_000, 100_000, 1_000_000)
SENT = 100 if SMOKE else 5_000
ROUNDS = 1 if SMOKE else 3
MOST_APART = 0.3
_FILL = """
import django; django.setup()
from django.db import connection
from messaging.models import ChannelConfiguration
from messaging.accept import accept, through_channel
from messaging.models import Message, Source
if not Message.objects.exists():
    channel = ChannelConfiguration.objects.select_related("credential").get()
    accept(through_channel(channel, to="+14155550111", text="Hello", source=Source.API), wake=False)
    # The one that the others are copied from: never due.
    Message.objects.update(due_at="2100-01-01T00:00Z", valid_until="2100-01-02T00:00Z")
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM messaging_message WHERE state = 'queued' AND due_at < now()")
    missing = int(DEPTH) - cursor.fetchone()[0]
    cursor.execute("SELECT count(*) FROM messaging_message")
    first = cursor.fetchone()[0]
    cursor.execute(
        "INSERT INTO consent_consentsubject (number_hash, touched_at, last_sequence, head_hash) "
        "SELECT 'bench-' || n, now(), 0, '' FROM generate_series(%s, %s) n", [first, first + missing - 1])
    cursor.execute('''
        INSERT INTO messaging_message
        SELECT (jsonb_populate_record(m, jsonb_build_object(
            'id', gen_random_uuid(), 'subject_id', s.id, 'due_at', now(), 'msisdn', '+1' || (4150000000 + n)))).*
        FROM messaging_message m, generate_series(%s, %s) n
            JOIN consent_consentsubject s ON s.number_hash = 'bench-' || n
        WHERE m.msisdn = '+14155550111'
    ''', [first, first + missing - 1])
    cursor.execute(
        "INSERT INTO messaging_messagepart (message_id, number, text, state, provider_id) "
        "SELECT m.id, 1, '', 'waiting', '' FROM messaging_message m "
        "WHERE NOT EXISTS (SELECT 1 FROM messaging_messagepart p WHERE p.message_id = m.id)")
    cursor.execute("ANALYZE")
"""
_SEND = """
import django; django.setup()
import json, time
from messaging import delivery, taking
from messaging.models import ChannelConfiguration, Message
credential_id = ChannelConfiguration.objects.get().credential_id
take, left = taking.take, [0]
def some(*, credential_id, limit):
    taken = take(credential_id=credential_id, limit=min(limit, left[0])) if left[0] else taking.Taken(None, [], -1)
    left[0] -= len(taken.passed)
    return taken
taking.take = some
def send(count):
    left[0] = count
    while left[0]:
        delivery.drain(credential_id)
send(50)
started = time.perf_counter()
send(int(COUNT))
print(json.dumps(int(COUNT) / (time.perf_counter() - started)))
"""


def main() -> int:
    rates: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    with ExitStack() as stack:
        port = stack.enter_context(provider())
        broker = stack.enter_context(redis())
        gateways = {depth: _gateway(stack, port, broker) for depth in DEPTHS}
        for _ in range(ROUNDS):
            for depth, gateway in gateways.items():
                gateway.script(_FILL, DEPTH=str(depth))
                rates[depth].append(json.loads(gateway.script(_SEND, COUNT=str(SENT))))
    medians = {depth: statistics.median(values) for depth, values in rates.items()}
    for depth, median in medians.items():
        print(f"{depth:9,} waiting: {median:6.0f} messages/s")
    apart = 1 - min(medians.values()) / max(medians.values())
    print(f"the slowest is {apart:.0%} below the fastest (target {MOST_APART:.0%})")
    return verdict([f"{apart:.0%} apart instead of {MOST_APART:.0%}"] if apart > MOST_APART else [])


def _gateway(stack: ExitStack, port: int, broker: str) -> Gateway:
    """A gateway with a database of its own, set up."""
    database = stack.enter_context(cluster())
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smsgateway-bench-")))
    url = f"http://127.0.0.1:{port}/messages"
    gateway = Gateway(database.url, directory, provider_url=url, extra={"REDIS_URL": broker})
    gateway.set_up()
    return gateway


if __name__ == "__main__":
    sys.exit(main())
