"""Forwarded messages are signed as Standard Webhooks does (standardwebhooks.com): who receives one can tell it is ours.

`webhook-signature` holds "v1,<base64 HMAC-SHA256>" over "<webhook-id>.<webhook-timestamp>.<body>", one for each secret
that signs now, parted by spaces: after a rotation both fit for a day.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from core.clock import now
from webhooks.models import ForwardSecret, Webhook

PREFIX: Final = "whsec_"
OVERLAP: Final = timedelta(hours=24)
_KEY_BYTES: Final = 32


@transaction.atomic
def rotate_secret(*, webhook: Webhook) -> str:
    """A new secret for the forwards of a webhook, given back to be shown once; the one before signs a day longer."""
    moment = now()
    older = ForwardSecret.objects.filter(webhook=webhook)
    older.filter(valid_until__lte=moment).delete()
    older.filter(valid_until__isnull=True).update(valid_until=moment + OVERLAP)
    value = PREFIX + base64.b64encode(os.urandom(_KEY_BYTES)).decode()
    ForwardSecret.objects.create(webhook=webhook, value=value, created_at=moment)
    return value


def secrets_of(webhook: Webhook | None) -> list[str]:
    """The secrets that sign now, the newest first; none where none was made."""
    if webhook is None:
        return []
    counting = Q(valid_until__isnull=True) | Q(valid_until__gt=now())
    return [row.value for row in webhook.forward_secrets.filter(counting)]


def signed(body: bytes, *, message_id: str, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """The headers that prove a body; without a secret those of id and time only."""
    timestamp = str(int(at.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    told = f"{message_id}.{timestamp}.".encode() + body
    if signatures := [_signature(secret, told) for secret in secrets]:
        headers["webhook-signature"] = " ".join(signatures)
    return headers


def _signature(secret: str, told: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()}"
