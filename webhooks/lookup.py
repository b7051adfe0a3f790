"""From the token in a URL to its webhook, remembered for a second: bursts of reports cost one look-up."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict

from credentials import endpoints
from webhooks.models import Webhook

# Another process may still answer a URL this long after it was switched off, rotated or deleted.
KEPT_SECONDS = 1.0
_MOST_KEPT = 500
_kept: OrderedDict[bytes, tuple[float, Webhook]] = OrderedDict()


def find_webhook(token: str) -> Webhook | None:
    """The enabled webhook with this token, endpoint and credential loaded along; shared: do not change it."""
    key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    until, kept = _kept.get(key, (0.0, None))
    if kept is not None and time.monotonic() < until:
        return kept
    webhook = _load(token)
    if webhook is None:
        _kept.pop(key, None)
        return None
    _kept[key] = (time.monotonic() + KEPT_SECONDS, webhook)
    while len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    return webhook


def forget() -> None:
    """Look everything up again; called after every change made in this process."""
    _kept.clear()


def _load(token: str) -> Webhook | None:
    endpoint = endpoints.find(token)
    if endpoint is None:
        return None
    webhook = Webhook.objects.filter(endpoint_id=endpoint.pk).first()
    if webhook is not None:
        webhook.endpoint = endpoint
    return webhook
