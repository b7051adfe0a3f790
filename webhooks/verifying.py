"""From a stored webhook to its verifier, and setting both scheme and secrets."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.db import transaction

from core.clock import now
from core.errors import ConfigurationInvalid, SecretUnreadable
from webhooks import lookup
from webhooks.models import Webhook, WebhookSecret
from webhooks.models.verified import PREFIX
from webhooks.verification import (
    SCHEMES,
    Secret,
    SecretInvalid,
    Site,
    VerificationSpec,
    Verifier,
    problems_of,
    verifier,
)
from webhooks.verification.verifier import RefuseAll

_KEPT = 500
_cache: OrderedDict[tuple[uuid.UUID, datetime, str], Verifier] = OrderedDict()


def verifier_of(webhook: Webhook) -> Verifier:
    """The webhook's check, remembered until the webhook changes; a fault in its settings refuses every call."""
    key = (webhook.id, webhook.updated_at, settings.SMSGATEWAY_PUBLIC_URL)
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = build(webhook)
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return found


def check_spec(spec: VerificationSpec) -> None:
    """Raise ConfigurationInvalid for the first thing an operator must correct; `param` names the setting."""
    for problem in problems_of(spec):
        raise ConfigurationInvalid(f"{problem.setting}: {problem.text}", param=problem.setting)


def check_secret(spec: VerificationSpec, secret: str) -> None:
    """Raise ConfigurationInvalid for a secret that cannot be the key of the scheme."""
    if not secret.strip():
        raise ConfigurationInvalid("The secret is empty.", param="secret")
    try:
        SCHEMES[spec.scheme](spec, Site("")).key_of(secret)
    except SecretInvalid as error:
        raise ConfigurationInvalid(str(error), param="secret") from error


@transaction.atomic
def set_verification(*, webhook: Webhook, spec: VerificationSpec, secrets: Sequence[str] = ()) -> None:
    """Set a stored webhook's scheme; given `secrets`, oldest first, replace those that are stored.

    Raises ConfigurationInvalid; nothing is changed then.
    """
    check_spec(spec)
    for secret in secrets:
        check_secret(spec, secret)
    for name, value in asdict(spec).items():
        setattr(webhook, f"{PREFIX}{name}", value)
    if secrets:
        webhook.secrets.all().delete()
    for secret in secrets:
        WebhookSecret.objects.create(webhook=webhook, value=secret)
    webhook.save()
    changed()


def touch(webhook: Webhook) -> None:
    """Let every process build the verifier of a stored webhook anew, since its secrets changed."""
    webhook.updated_at = now()
    Webhook.objects.filter(pk=webhook.pk).update(updated_at=webhook.updated_at)
    changed()


def changed() -> None:
    """Look webhooks up again: now, for what follows in this transaction; after it, for what others looked up."""
    lookup.forget()
    transaction.on_commit(lookup.forget)


def build(webhook: Webhook) -> Verifier:
    """The check of the webhook as it is now, saved or not."""
    try:
        secrets = [
            Secret(value=row.value, id=str(row.pk), valid_until=row.valid_until)
            for row in webhook.secrets.all()
        ]
    except SecretUnreadable as error:
        return RefuseAll(error.text)
    return verifier(webhook.verification, secrets, public_url=settings.SMSGATEWAY_PUBLIC_URL)
