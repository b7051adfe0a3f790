"""From a stored webhook to its verifier, and setting both scheme and secrets."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Iterable, Sequence
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

_KEPT = 10_000
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


def remember(webhooks: Iterable[Webhook]) -> None:
    """Have their verifiers at hand for the time when the database does not answer."""
    for webhook in webhooks:
        verifier_of(webhook)


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
    webhook.save()
    if secrets:
        webhook.secrets.all().delete()
    for secret in secrets:
        WebhookSecret.objects.create(webhook=webhook, value=secret)
    touch(webhook)


def touch(webhook: Webhook) -> None:
    """Have a stored webhook read anew by every process, since something that belongs to it has changed."""
    webhook.updated_at = now()
    Webhook.objects.filter(pk=webhook.pk).update(updated_at=webhook.updated_at)
    lookup.forget()  # for what follows in this transaction
    transaction.on_commit(lookup.forget)  # for what others looked up meanwhile
