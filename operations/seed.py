"""The first start: an administrator, an API key and a demo set-up against the simulator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import transaction

from access.keys import issue_key
from access.models import ApiKey, Scope
from access.one_time_password import require_change
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from credentials.services import ensure_default_headers
from credentials.vendors import VENDORS
from messaging.models import ChannelConfiguration, ChannelStatus
from webhooks.services import create_webhook

ADMIN_NAME = "admin"
DEMO_CHANNEL = "demo"
DEMO_SENDER = "+15005550006"
DEMO_TOKEN = "demo-api-token"  # noqa: S105  the simulator's published default


@dataclass(frozen=True)
class FirstAdmin:
    """What is printed once."""

    name: str
    password: str


def first_admin() -> FirstAdmin | None:
    """Make the first administrator with a one-time password; None when somebody can log in already."""
    users = get_user_model()
    if users._default_manager.exists():
        return None
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        user = users._default_manager.create_superuser(ADMIN_NAME, "", password)
        require_change(user)
    return FirstAdmin(name=ADMIN_NAME, password=password)


def first_api_key() -> str | None:
    """Issue the first API key; None when there is one already."""
    if ApiKey.objects.exists():
        return None
    _, raw = issue_key(name="First key", scopes=[Scope.SEND, Scope.READ])
    return raw


def demo(simulator_url: str) -> bool:
    """Make the demo credential, webhook and channel; False when there are credentials already."""
    if ApiCredential.objects.exists():
        return False
    with transaction.atomic():
        credential = ApiCredential.objects.create(
            vendor="custom",
            name="Demo provider",
            provider_app_id="demo",
            provider_name="Simulator",
            provider_url=f"{simulator_url}/apikey/messages",
            lookup_url=f"{simulator_url}/apikey/messages?clientReference={{{{messageId}}}}",
            auth_type="api_key",
            auth_name="Demo key",
            api_token=DEMO_TOKEN,
            payload=VENDORS["custom"].payload,
        )
        ensure_default_headers(credential=credential)
        create_webhook(
            name="Demo webhook",
            vendor="custom",
            credential=credential,
            brand="Demo",
            help_contact="help@example.com",
        )
        ChannelConfiguration.objects.create(
            name=DEMO_CHANNEL,
            description="Sends to the simulator's handsets.",
            credential=credential,
            sender=DEMO_SENDER,
            purpose=Purpose.TRANSACTIONAL.value,
            default_country="US",
            status=ChannelStatus.ACTIVE,
        )
    return True
