"""Fill an empty database: messages with parts, attempts and events, people with consent, callbacks, audit trail."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from bench.scale.people import fill_people
from bench.scale.progress import say
from bench.targets import SMOKE

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "20000" if SMOKE else "10000000"))
DAYS = 90
_CHUNK = 100_000
_HERE = Path(__file__).parent
_BIG = (
    "messaging_message", "messaging_messagepart", "messaging_attempt", "messaging_messageevent",
    "webhooks_inboundrequest", "webhooks_inboundmessage", "access_auditentry", "access_idempotencyrecord",
)  # fmt: skip


def fill() -> None:
    """Everything, in a few steps that say how far they are; statistics and visibility maps are fresh afterwards."""
    call_command("migrate", verbosity=0)
    people = max(MESSAGES // 10, 1)
    values = _set_up() | {
        "people": people,
        "days": DAYS,
        "until": int(time.time() * 1000),
        "due": MESSAGES // 100,
    }
    say(f"{people:,} people")
    fill_people(people)
    with connection.cursor() as cursor:
        cursor.execute((_HERE / "statements.sql").read_text())
    with _bare_tables():
        _series("messages", "messages", MESSAGES, values)
        _series("callbacks", "callbacks", MESSAGES // 5, values)
        _series("audit entries", "audit", MESSAGES // 20, values)
        _series("answers", "answers", MESSAGES // 20, values)
        _series("reviews", "reviews", MESSAGES // 500, values)
        _series("suppressions", "suppressions", MESSAGES // 200, values)
    say("vacuum and analyze")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE, FREEZE)")
    say("filled")


def _series(what: str, file: str, many: int, values: Mapping[str, Any]) -> None:
    statement = (_HERE / f"{file}.sql").read_text()
    for first in range(1, many + 1, _CHUNK):
        last = min(first + _CHUNK - 1, many)
        with connection.cursor() as cursor:
            # Neither triggers nor look-ups of foreign keys.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, {**values, "many": many, "first": first, "last": last})
        if last == many or last % (10 * _CHUNK) == 0:
            say(f"{what}: {last:,} of {many:,}")


@contextmanager
def _bare_tables() -> Iterator[None]:
    """Tables without secondary indexes and unique constraints while they are filled."""
    again: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname), "
            "format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)) "
            "FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
            [list(_BIG)],
        )
        constraints = cursor.fetchall()
        for drop, create in constraints:
            cursor.execute(drop)
            again.append(create)
        cursor.execute(
            "SELECT 'DROP INDEX ' || indexname, indexdef FROM pg_indexes "
            "JOIN pg_index ON indexrelid = indexname::regclass WHERE NOT indisprimary AND tablename = ANY(%s)",
            [list(_BIG)],
        )
        for drop, create in cursor.fetchall():
            cursor.execute(drop)
            again.append(create)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")
        for number, statement in enumerate(again, start=1):
            cursor.execute(statement)
            say(f"index {number} of {len(again)}")


def _set_up() -> dict[str, Any]:
    """Somebody who looks, a webhook, and the channels among which messages are shared out."""
    from django.contrib.auth import get_user_model

    from access.keys import issue_key
    from access.models import Scope
    from credentials.models import ApiCredential
    from messaging.models import ChannelConfiguration
    from operations.seed import demo
    from webhooks.models import Webhook

    get_user_model().objects.create_superuser("bench", "", "bench")
    key, _ = issue_key(name="Bench", scopes=list(Scope.values))
    demo("http://127.0.0.1:9")
    first = ApiCredential.objects.get()
    second = ApiCredential.objects.create(
        name="Second provider", provider_url="https://p.example.com/", payload=first.payload
    )
    rows = []
    for name, credential, purpose, priority, slots in (
        ("promo", first, "marketing", 8, range(0, 45)),
        ("orders", first, "transactional", 5, range(45, 85)),
        ("codes", second, "one_time_code", 1, range(85, 100)),
        ("ended", second, "consent_reply", 2, range(100, 101)),  # only long ago
        ("seldom", first, "marketing", 8, range(101, 102)),  # a few messages, all the time
    ):
        channel = ChannelConfiguration.objects.create(
            name=name, credential=credential, sender="+15005550006",
            purpose="marketing" if purpose == "marketing" else "transactional", status="active",
        )  # fmt: skip
        rows += [(slot, channel.pk, credential.pk, purpose, priority, channel.sender) for slot in slots]
    ChannelConfiguration.objects.create(
        name="unused", credential=second, sender="+15005550006", status="active"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_channel "
            "(slot int, channel_id uuid, credential_id uuid, purpose varchar, priority int, sender varchar)"
        )
        cursor.executemany("INSERT INTO bench_channel VALUES (%s, %s, %s, %s, %s, %s)", rows)
    return {"webhook": Webhook.objects.get().pk, "api_key": key.pk}
