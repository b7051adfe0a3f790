from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from access.roles import sync
from core.clock import now
from credentials.models import ApiCredential
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Source
from webhooks.models import InboundMessage, Webhook
from webhooks.services import create_webhook

OURS, PERSON, OTHER = "+14155550100", "+14155550123", "+14155550124"

Wrote = Callable[..., InboundMessage]
Sent = Callable[..., Message]


@pytest.fixture
def credential(db: None) -> ApiCredential:
    return ApiCredential.objects.create(
        name="Provider",
        provider_url="https://provider.example/messages",
        api_token="token-1234",
        payload='{"to": "{{toNumber}}", "content": "{{message}}", "replyTo": "{{inReplyTo}}"}',
    )


@pytest.fixture
def channel(credential: ApiCredential) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        name="shop", credential=credential, sender=OURS, purpose="marketing", status=ChannelStatus.ACTIVE
    )


@pytest.fixture
def webhook(channel: ChannelConfiguration) -> Webhook:
    return create_webhook(credential=channel.credential, name="Shop", brand="Acme")


@pytest.fixture
def wrote(webhook: Webhook) -> Wrote:
    """A message that came in some minutes ago."""

    def wrote(
        text: str = "Where is my order?", number: str = PERSON, *, minutes: float = 5, **values: Any
    ) -> Any:
        moment = now() - timedelta(minutes=minutes)
        made = {"webhook": webhook, "recipient": OURS, "received_at": moment, "text": text, "msisdn": number}
        return InboundMessage.objects.create(
            **{"dedupe_key": f"{number}-{moment}-{text}", "provider_message_id": "p-in-1", **made, **values}
        )

    return wrote


@pytest.fixture
def sent(channel: ChannelConfiguration) -> Sent:
    def sent(text: str = "Your order is on its way.", number: str = PERSON, **values: Any) -> Message:
        return accept(
            through_channel(channel, **{"to": number, "text": text, "source": Source.API, **values}),
            wake=False,
        )

    return sent


@pytest.fixture
def as_role(db: None, client: Client) -> Callable[[str], Client]:
    """A client of somebody with one of the five roles."""

    def as_role(role: str) -> Client:
        for app in ("access", "consent", "conversations", "messaging", "webhooks"):
            sync(app)
        user = User.objects.create_user(role.replace(" ", "-"), is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return as_role
