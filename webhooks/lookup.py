"""From the token in a URL to its webhook, remembered for a second: bursts of reports cost one look-up.

Every web process also keeps all webhooks at hand, for the time when the database does not answer.
"""

from __future__ import annotations

from core.brief import BriefMemory
from credentials import endpoints
from webhooks.models import Webhook

_MOST_LEARNT = 10_000


def find_webhook(token: str) -> Webhook | None:
    """The enabled webhook with this token, endpoint and credential loaded along; shared: do not change it."""
    return _webhooks.get(token)


def known_webhook(token: str) -> Webhook | None:
    """The same from memory, as of a few seconds before the outage: the database is not asked."""
    return _learnt.get(endpoints.digest_of(token))


def learn() -> int:
    """Look all enabled webhooks up, with everything that receiving needs of them; gives how many."""
    global _learnt
    enabled = Webhook.objects.filter(endpoint__enabled=True).select_related("endpoint__credential")
    enabled = enabled.prefetch_related("secrets")
    _learnt = {webhook.endpoint.token_digest: webhook for webhook in enabled[:_MOST_LEARNT]}
    return len(_learnt)


def learnt() -> list[Webhook]:
    """What `learn` found and what was looked up since, each with its secrets at hand or in memory."""
    return list(_learnt.values())


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
        _learnt[endpoint.token_digest] = webhook
    return webhook


_learnt: dict[str, Webhook] = {}
_webhooks: BriefMemory[str, Webhook] = BriefMemory(_load)
