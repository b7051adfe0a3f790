"""What a vendor's preset starts a new webhook with, besides what it reads by: how its callbacks are verified."""

from __future__ import annotations

from credentials.models import ApiCredential
from webhooks.configuration import spec_of
from webhooks.models import Webhook
from webhooks.verification import VerificationSpec


def starting_verification(webhook: Webhook, credential: ApiCredential) -> tuple[VerificationSpec, str] | None:
    """(scheme, secret) of the preset, filled in from the credential; None without one or without its secret."""
    settings = dict(spec_of(webhook, credential).verification)
    secret = str(settings.pop("secret", ""))
    if not settings or not secret or "{{" in secret:
        return None
    return VerificationSpec.from_data(settings), secret
