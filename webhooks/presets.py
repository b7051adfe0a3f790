"""What a vendor's preset starts a new webhook with, besides what it reads by: how its callbacks are verified."""

from __future__ import annotations

from credentials.models import ApiCredential
from webhooks.configuration import variables_of
from webhooks.samples import webhook_table
from webhooks.spec import WebhookSpec
from webhooks.verification import VerificationSpec


def starting_verification(vendor: str, credential: ApiCredential) -> tuple[VerificationSpec, str] | None:
    """(scheme, secret) of the preset, filled in from the credential; None without one or without its secret."""
    variables = variables_of(vendor, credential)
    settings = dict(WebhookSpec.of(webhook_table(vendor, variables)).filled(variables).verification)
    secret = str(settings.pop("secret", ""))
    if not settings or not secret or "{{" in secret:
        return None
    return VerificationSpec.from_data(settings), secret
