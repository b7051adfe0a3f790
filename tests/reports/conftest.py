from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from consent.ledger import subjects_for
from core.vocabulary import Purpose
from credentials.endpoints import create_endpoint
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Source
from webhooks.models import Webhook

NUMBER = "+14155550101"


@pytest.fixture
def credential(db: None) -> ApiCredential:
    return ApiCredential.objects.create(
        name="Acme", provider_url="https://provider.example.com/", payload='{"to": "{{toNumber}}"}'
    )


@pytest.fixture
def webhook(credential: ApiCredential) -> Webhook:
    return Webhook.objects.create(name="Replies", endpoint=create_endpoint(credential=credential))


@pytest.fixture
def channel(credential: ApiCredential) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        name="alerts", credential=credential, sender="+15005550006", status=ChannelStatus.ACTIVE
    )


@pytest.fixture
def message(channel: ChannelConfiguration) -> Callable[..., Message]:
    def message(state: str = "queued", **values: Any) -> Message:
        now = timezone.now()
        accepted = state in ("accepted", "sent", "delivered", "undelivered")
        defaults = {
            "channel": channel,
            "credential": channel.credential,
            "subject_id": subjects_for([NUMBER])[NUMBER],
            "msisdn": NUMBER,
            "sender": channel.sender,
            "purpose": Purpose.TRANSACTIONAL,
            "source": Source.API,
            "text": "Hello",
            "state": state,
            "valid_until": now + dt.timedelta(days=1),
            "accepted_at": now if accepted else None,
        }
        return Message.objects.create(**(defaults | values))

    return message


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client
