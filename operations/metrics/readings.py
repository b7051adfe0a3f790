"""What stands now: one bounded query for each question, along an index made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count, Q

from consent.models import ConsentReview, ReviewState
from core.clock import database_now
from credentials.models import ApiCredential
from messaging.breaker.standing import open_credentials
from messaging.hosts import Host, known_hosts
from messaging.models import Message, SendHold
from messaging.states import Priority, State
from operations.pulse import worker_seen_at
from webhooks import refusals
from webhooks.models import InboundRequest, RequestState, Webhook

COUNTED_UP_TO: Final = 100_000  # a queue is counted so far; one that is longer is "at least that long"
NEEDS_SOMEBODY: Final = (State.UNKNOWN, State.QUARANTINED)

# One walk along the index message_queue for each credential; the oldest by a look at the head of each priority.
_DEPTH: Final = (
    "(SELECT count(*) FROM (SELECT 1 FROM messaging_message m WHERE m.credential_id = c.id AND m.state = 'queued' "
    f"LIMIT {COUNTED_UP_TO}) waiting)"
)
_HEAD: Final = (
    "(SELECT m.due_at FROM messaging_message m WHERE m.credential_id = c.id AND m.state = 'queued' "
    "AND m.priority = {priority} ORDER BY m.due_at LIMIT 1)"
)
_QUEUES: Final = "SELECT c.id, {depth}, {heads} FROM credentials_apicredential c".format(
    depth=_DEPTH, heads=", ".join(_HEAD.format(priority=int(priority)) for priority in Priority)
)


@dataclass(frozen=True)
class Queue:
    """What waits for a credential: how many, at most COUNTED_UP_TO, and how long the oldest has been due."""

    depth: int
    oldest_due: timedelta


@dataclass(frozen=True)
class Readings:
    """Everything that is read anew for a scrape; names by primary key."""

    credentials: Mapping[str, ApiCredential]
    webhooks: Mapping[str, str]
    breakers_open: frozenset[str]
    queues: Mapping[str, Queue]
    needs_somebody: Mapping[tuple[str, str], int]  # (credential, state)
    quarantined_callbacks: int
    refused: tuple[tuple[str, int], ...]  # webhook, of the last 24 hours
    reviews_open: int
    reviews_due: int
    holds: int
    hosts: tuple[Host, ...]
    worker_seen: timedelta | None
    moment: datetime


def read() -> Readings:
    """Ask everything."""
    moment = database_now()
    reviews = ConsentReview.objects.filter(state=ReviewState.OPEN).aggregate(
        open=Count("pk"), due=Count("pk", filter=Q(due_at__lte=moment + timedelta(days=1)))
    )
    seen = worker_seen_at()
    credentials = ApiCredential.objects.only("id", "name", "paused_at", "paused_reason")
    return Readings(
        credentials={str(credential.pk): credential for credential in credentials},
        webhooks={str(pk): name for pk, name in Webhook.objects.values_list("pk", "name")},
        breakers_open=frozenset(str(pk) for pk in open_credentials()),
        queues=queues(moment),
        needs_somebody=needs_somebody(),
        quarantined_callbacks=_quarantined_callbacks(),
        refused=tuple((webhook.name, count) for webhook, count in refusals.recent(most=100)),
        reviews_open=reviews["open"],
        reviews_due=reviews["due"],
        holds=SendHold.objects.filter(released_at__isnull=True).count(),
        hosts=tuple(known_hosts()),
        worker_seen=None if seen is None else moment - seen,
        moment=moment,
    )


def queues(moment: datetime) -> dict[str, Queue]:
    """The queue of every credential."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES)
        rows = cursor.fetchall()
    return {_key(row[0]): Queue(row[1], _waiting(row[2:], moment)) for row in rows}


def needs_somebody() -> dict[tuple[str, str], int]:
    """How many messages wait for somebody's decision, by credential and state."""
    rows = Message.objects.filter(state__in=NEEDS_SOMEBODY).order_by().values_list("credential_id", "state")
    return {(str(pk), state): count for pk, state, count in rows.annotate(count=Count("id"))}


def _quarantined_callbacks() -> int:
    rows = InboundRequest.objects.filter(state=RequestState.QUARANTINED).order_by()
    return rows.values("pk")[:COUNTED_UP_TO].count()


def _waiting(heads: tuple[object, ...], moment: datetime) -> timedelta:
    due = [_aware(head) for head in heads if head is not None]
    return max(moment - min(due), timedelta()) if due else timedelta()


def _aware(value: object) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.replace(tzinfo=found.tzinfo or UTC)


def _key(value: object) -> str:
    """A primary key as Python writes it: SQLite keeps UUIDs without dashes."""
    text = str(value)
    return text if "-" in text else "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
