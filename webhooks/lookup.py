"""From the token in a URL to its webhook, remembered for a second: bursts of reports cost one look-up."""

from __future__ import annotations

from core.brief import BriefMemory
from credentials import endpoints
from webhooks.models import Webhook


def find_webhook(token: str) -> Webhook | None:
    """The enabled webhook with this token, endpoint and credential loaded along; shared: do not change it."""
    return _webhooks.get(token)


def forget() -> None:
    """Look everything up again; called after every change made in this process."""
    _webhooks.forget()


def _load(token: str) -> Webhook | None:
    endpoint = endpoints.find(token)
    if endpoint is None:
        return None
    webhook = Webhook.objects.filter(endpoint_id=endpoint.pk).first()
    if webhook is not None:
        webhook.endpoint = endpoint
    return webhook


_webhooks: BriefMemory[str, Webhook] = BriefMemory(_load)
