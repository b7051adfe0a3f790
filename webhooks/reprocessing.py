"""Kept callbacks and a changed mapping: what it would read of them, and reading those again that staff were shown."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core.errors import GatewayError
from credentials.models import ApiCredential
from webhooks.configuration import parse
from webhooks.models import HeldReport, InboundRequest, RequestState, Webhook
from webhooks.reading import Event
from webhooks.receiving import events_of, receive_again

log = logging.getLogger(__name__)

_SHOWN = 50
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Trial:
    """What a mapping reads of a kept callback; `problem` is why it reads nothing, "" when it does."""

    request_id: uuid.UUID
    received_at: datetime
    state: str
    events: tuple[Event, ...]
    problem: str = ""


def try_on_kept(webhook: Webhook, credential: ApiCredential, *, limit: int = _SHOWN) -> list[Trial]:
    """The newest kept callbacks read by the webhook as it is, saved or not; nothing is done with them.

    Raises what `parse` raises when the mapping can never work.
    """
    configuration = parse(webhook, credential)
    kept = InboundRequest.objects.filter(webhook_id=webhook.pk).order_by("-received_at")[:limit]
    found = []
    for raw in kept:
        try:
            events, problem = tuple(events_of(configuration, raw)), ""
        except GatewayError as error:
            events, problem = (), error.text
        found.append(Trial(raw.pk, raw.received_at, raw.state, events, problem))
    return found


def process_again(*, webhook: Webhook) -> int:
    """Read a stored webhook's quarantined callbacks again, oldest first; gives how many have left quarantine.

    What was taken of them before is not taken twice. Twice at the same time is harmless.
    """
    done = 0
    for raw in _quarantined(webhook):
        if _claimed(raw):
            try:
                receive_again(raw, webhook)
            except Exception:  # it counts as not processed, and the leftovers are looked after
                log.exception("callback %s failed when it was read again", raw.pk)
                continue
            done += raw.state != RequestState.QUARANTINED
    return done


def _quarantined(webhook: Webhook) -> Iterator[InboundRequest]:
    found = InboundRequest.objects.filter(webhook=webhook, state=RequestState.QUARANTINED)
    yield from found.order_by("received_at")[:_MOST_AT_ONCE]


@transaction.atomic
def _claimed(raw: InboundRequest) -> bool:
    """Take the callback out of quarantine, if nobody else has; reports of it that are held are read again too."""
    quarantined = InboundRequest.objects.filter(pk=raw.pk, state=RequestState.QUARANTINED)
    if not quarantined.update(state=RequestState.RECEIVED):
        return False
    HeldReport.objects.filter(request_id=raw.pk).delete()
    return True
