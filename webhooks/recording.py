"""A callback as it is kept: masked headers, sealed body, and keyed hashes by which staff find it again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

from core.bulk import insert_rows, new
from core.secrets import MASK, keyed_hash
from webhooks.callback import Callback
from webhooks.models import InboundRequest, InboundRequestKey, Webhook
from webhooks.reading import Event, Ignored, Refused, StatusReport

_SECRET_HEADERS = ("auth", "cookie", "key", "password", "secret", "signature", "token")
_LONGEST_HEADER = 500
_KEY_DIGITS = 32
_NO_DIGIT = re.compile(r"\D")


def raw_of(
    webhook: Webhook | None, callback: Callback, *, request_id: uuid.UUID | None = None
) -> InboundRequest:
    """The row of a callback, not saved; one that waited in the spool has its `request_id` already."""
    raw = new(
        InboundRequest,
        webhook_id=webhook.pk if webhook else None,
        received_at=callback.received_at,
        method=callback.method[:8],
        content_type=callback.content_type[:100],
        role=callback.role[:40],
        query=callback.query,
    )
    if request_id is not None:
        raw.id = request_id
    raw.headers = {
        name: MASK if any(word in name.lower() for word in _SECRET_HEADERS) else value[:_LONGEST_HEADER]
        for name, value in callback.headers.items()
    }
    raw.keep_body(callback.body)
    return raw


def key_of(event: Event) -> tuple[str, str]:
    """Keyed hashes of the number and the provider's id in an event, "" for what it does not name."""
    if isinstance(event, Ignored | Refused):
        return "", ""
    ours = event.client_reference if isinstance(event, StatusReport) else ""
    theirs = event.provider_id or ours
    return number_key(event.number), id_key(theirs)


def number_key(number: str) -> str:
    """How a number is found, however it is punctuated; "" without a digit."""
    digits = _NO_DIGIT.sub("", number).lstrip("0")
    return keyed_hash(digits, use="callback number")[:_KEY_DIGITS] if digits else ""


def id_key(provider_id: str) -> str:
    """How a provider's id is found; "" for none."""
    return keyed_hash(provider_id, use="callback id")[:_KEY_DIGITS] if provider_id else ""


def further_keys(raw: InboundRequest, events: Iterable[Event]) -> None:
    """Write the keys of all events but the first, which stand in the row itself."""
    rows = [
        {"request_id": raw.id, "number_key": number, "id_key": theirs}
        for number, theirs in dict.fromkeys(map(key_of, events))
        if number or theirs
    ]
    insert_rows(InboundRequestKey, rows)
