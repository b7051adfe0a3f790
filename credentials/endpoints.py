"""Callback URLs: an unguessable token per endpoint, found by its digest."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings

from core.clock import now
from core.errors import SecretUnreadable
from credentials.models import ApiCredential, CallbackEndpoint

_LONGEST_TOKEN = 128


def create_endpoint(*, credential: ApiCredential) -> CallbackEndpoint:
    """A new, enabled endpoint of `credential`."""
    token = _new_token()
    return CallbackEndpoint.objects.create(credential=credential, token=token, token_digest=digest_of(token))


def rotate(*, endpoint: CallbackEndpoint) -> CallbackEndpoint:
    """Give `endpoint` a new URL; the old one is unknown from now on."""
    endpoint.token = _new_token()
    endpoint.token_digest = digest_of(endpoint.token)
    endpoint.rotated_at = now()
    endpoint.save(update_fields=["token", "token_digest", "rotated_at"])
    return endpoint


def set_enabled(*, endpoint: CallbackEndpoint, enabled: bool) -> CallbackEndpoint:
    """Switch `endpoint` on or off; switched off it answers like an unknown URL."""
    endpoint.enabled = enabled
    endpoint.save(update_fields=["enabled"])
    return endpoint


def find(token: str) -> CallbackEndpoint | None:
    """The enabled endpoint with this token, its credential loaded along; one indexed query."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    return (
        CallbackEndpoint.objects.select_related("credential")
        .filter(token_digest=digest_of(token), enabled=True)
        .first()
    )


def url_of(endpoint: CallbackEndpoint) -> str:
    """The public URL of `endpoint`."""
    return f"{settings.SMSGATEWAY_PUBLIC_URL.rstrip('/')}/hooks/{endpoint.token}/"


def readable_tokens(credential: ApiCredential) -> list[str]:
    """The tokens of all URLs of `credential`, disabled ones too, as far as the master keys open them."""
    return [token for endpoint in credential.endpoints.all() if (token := _token_of(endpoint))]


def _token_of(endpoint: CallbackEndpoint) -> str:
    try:
        return str(endpoint.token)
    except SecretUnreadable:
        return ""


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What stands in the database for a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
