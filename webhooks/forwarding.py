"""Messages on their way to an operator's URL: a worker posts them, tries again for a day, then gives up."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Collection
from datetime import timedelta

import requests
from django.db.models import F

from core.clock import now
from core.errors import GatewayError
from core.http import GuardedSession, exchange
from webhooks.forward_signing import secrets_of, signed
from webhooks.models import Forward, ForwardState, InboundMessage

log = logging.getLogger(__name__)

MOST_TRIES = 8
_MOST_AT_ONCE = 50
_LEASE = timedelta(minutes=2)  # longer than one exchange may take
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=6)


def enqueue(*, message: InboundMessage, category: str, url: str) -> None:
    """Write what is to be forwarded, in the message's own transaction; once for a message."""
    Forward.objects.bulk_create([Forward(message=message, category=category, url=url)], ignore_conflicts=True)


def forward_due() -> int:
    """Post what is due, oldest first; gives how many were taken in. A worker's death costs a second post."""
    due = Forward.objects.filter(state=ForwardState.WAITING, due_at__lte=now()).order_by("due_at")
    done = 0
    with GuardedSession() as session:
        for forward in due.select_related("message__webhook")[:_MOST_AT_ONCE]:
            if _claim(forward):
                done += _post(forward, session)
    return done


def send_again(*, forward_ids: Collection[uuid.UUID]) -> int:
    """Have these sent once more, within seconds and with all their tries; gives how many. The id stays the same."""
    chosen = Forward.objects.filter(pk__in=forward_ids)
    return chosen.update(state=ForwardState.WAITING, tries=0, due_at=now())


def _claim(forward: Forward) -> bool:
    """Whether this worker is the one that tries now; the others find it due later."""
    taken = Forward.objects.filter(pk=forward.pk, state=ForwardState.WAITING, due_at=forward.due_at)
    return bool(taken.update(due_at=now() + _LEASE, tries=F("tries") + 1))


def _post(forward: Forward, session: GuardedSession) -> bool:
    tries = forward.tries + 1
    try:
        answer = exchange(session, session.prepare_request(_request(forward)), max_body=4_096)
        good, said = 200 <= answer.status < 300, f"HTTP {answer.status}"
    except GatewayError as error:
        good, said = False, error.text
    if good:
        state, due_at = ForwardState.SENT, forward.due_at
    elif tries >= MOST_TRIES:
        state, due_at = ForwardState.FAILED, forward.due_at
        log.warning("forward %s: given up after %s tries: %s", forward.pk, tries, said)
    else:
        state, due_at = ForwardState.WAITING, now() + pause_after(tries)
    Forward.objects.filter(pk=forward.pk).update(state=state, due_at=due_at, last_answer=said[:300])
    return good


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: 30 s, 2 min, 8 min … at most 6 h."""
    grown: timedelta = _FIRST_PAUSE * 4 ** (tries - 1)
    return min(grown, _LONGEST_PAUSE)


def _request(forward: Forward) -> requests.Request:
    message = forward.message
    body = {
        "id": str(message.pk),
        "category": forward.category,
        "keyword": message.keyword,
        "from": message.msisdn,
        "to": message.recipient,
        "text": message.text,
        "providerMessageId": message.provider_message_id,
        "webhook": message.webhook.name if message.webhook else "",
        "receivedAt": message.received_at.isoformat(),
    }
    data = json.dumps(body).encode()
    # The same id again is the same message: a worker may die between the post and noting it.
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(forward.pk)}
    headers |= signed(data, message_id=str(forward.pk), at=now(), secrets=secrets_of(message.webhook))
    return requests.Request("POST", forward.url, headers=headers, data=data)
