"""What a mapping would read of the callbacks that were kept, before it goes live. Nothing is done with them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from core.errors import GatewayError
from credentials.models import ApiCredential
from webhooks.configuration import parse
from webhooks.models import InboundRequest, Webhook
from webhooks.reading import Event
from webhooks.receiving import events_of

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Reread:
    """What a mapping reads of a kept callback; `problem` is why it reads nothing, "" when it does."""

    request_id: uuid.UUID
    received_at: datetime
    state: str
    events: tuple[Event, ...]
    problem: str = ""


def reread_kept(webhook: Webhook, credential: ApiCredential, *, limit: int = _SHOWN) -> list[Reread]:
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
        found.append(Reread(raw.pk, raw.received_at, raw.state, events, problem))
    return found
