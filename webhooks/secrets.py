"""The secrets of a webhook: a list, so that a new one counts beside the old one while the provider is changed over."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from core.clock import now
from webhooks.models import Webhook, WebhookSecret
from webhooks.verifying import check_secret, touch

# How long older secrets count beside a new one; None: until they are removed.
OVERLAPS: Final[Mapping[str, timedelta | None]] = {
    "day": timedelta(hours=24),
    "week": timedelta(days=7),
    "removed": None,
    "now": timedelta(0),
}
MOST_SECRETS: Final = 10
_NOTED_EVERY: Final = timedelta(minutes=1)


@transaction.atomic
def add_secret(*, webhook: Webhook, value: str, label: str = "", overlap: str = "day") -> WebhookSecret:
    """Add a secret; those that count already end after the overlap (a key of OVERLAPS), unless they end sooner.

    Raises ConfigurationInvalid for a value that cannot be a key of the webhook's scheme.
    """
    check_secret(webhook.verification, value)
    moment, keeps = now(), OVERLAPS[overlap]
    if keeps is not None:
        for old in webhook.secrets.all():
            if old.valid_until is None or old.valid_until > moment + keeps:
                WebhookSecret.objects.filter(pk=old.pk).update(valid_until=moment + keeps)
    added = WebhookSecret.objects.create(webhook=webhook, value=value, label=label, created_at=moment)
    for surplus in webhook.secrets.all()[MOST_SECRETS:]:
        surplus.delete()
    touch(webhook)
    return added


@transaction.atomic
def remove_secret(*, secret: WebhookSecret) -> None:
    """Remove a secret: calls signed with it are refused from now on."""
    webhook = secret.webhook
    secret.delete()
    touch(webhook)


def note_use(secret_id: str, at: datetime) -> None:
    """Remember that a secret fitted; written at most once a minute, so that a burst costs one statement."""
    with _lock:
        if at - _noted.get(secret_id, datetime.min.replace(tzinfo=at.tzinfo)) < _NOTED_EVERY:
            return
        if len(_noted) > _MOST_NOTED:
            _noted.clear()
        _noted[secret_id] = at
    WebhookSecret.objects.filter(pk=secret_id).update(last_used_at=at)


_MOST_NOTED: Final = 10_000
_lock = threading.Lock()
_noted: dict[str, datetime] = {}
