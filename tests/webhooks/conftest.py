from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core.vocabulary import Purpose
from credentials import endpoints
from credentials.models import ApiCredential
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, ChannelStatus, Message, MessagePart, Source
from messaging.states import PartState, State
from webhooks.models import InboundRequest, Webhook
from webhooks.services import create_webhook
from webhooks.spool.outage import outage

SENDER = "+14155550100"
PERSON = "+14155550123"


@pytest.fixture(autouse=True)
def _database_is_up(tmp_path: Path, settings: Any) -> None:
    """No outage of another test is remembered, and each has a spool of its own."""
    outage.end()
    settings.SMSGATEWAY_SPOOL_DIR = tmp_path / "spool"


@pytest.fixture
def credential(db: None) -> ApiCredential:
    return make_credential()


@pytest.fixture
def channel(credential: ApiCredential) -> ChannelConfiguration:
    return make_channel(credential)


@pytest.fixture
def webhook(channel: ChannelConfiguration) -> Webhook:
    return create_webhook(
        credential=channel.credential, name="Shop", brand="Acme", help_contact="help@acme.test"
    )


def make_credential(name: str = "Provider", vendor: str = "custom") -> ApiCredential:
    return ApiCredential.objects.create(
        name=name,
        vendor=vendor,
        provider_url="https://provider.example/messages",
        api_token="token-1234",
        payload='{"to": "{{toNumber}}", "content": "{{message}}"}',
    )


def make_channel(credential: ApiCredential, name: str = "shop", sender: str = SENDER) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        name=name, credential=credential, sender=sender, purpose="marketing", status=ChannelStatus.ACTIVE
    )


def path_of(webhook: Webhook) -> str:
    return f"/hooks/{webhook.endpoint.token}/"


def url_of(webhook: Webhook) -> str:
    return endpoints.url_of(webhook.endpoint)


def inbound(text: str, **values: Any) -> dict[str, Any]:
    base = {"type": "inbound_message", "id": f"m-{text}", "from": PERSON, "to": SENDER, "text": text}
    return {**base, **values}


Post = Callable[..., Any]


@pytest.fixture
def post(webhook: Webhook, client: Client) -> Post:
    def send(body: Any, content_type: str = "application/json", **extra: Any) -> Any:
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return client.post(path_of(webhook), data, content_type=content_type, **extra)

    return send


def queue(channel: ChannelConfiguration, to: str = PERSON, **values: Any) -> Message:
    return accept(through_channel(channel, to=to, text="Hello", source=Source.API, **values))


def accepted(channel: ChannelConfiguration, provider_id: str = "p1") -> Message:
    message = queue(channel)
    steps = (State.CLAIMED, State.SENDING, State.ACCEPTED)
    for step in steps:
        Message.objects.filter(pk=message.pk).update(state=step)
    MessagePart.objects.filter(message=message).update(state=PartState.ACCEPTED, provider_id=provider_id)
    return message


def replies() -> list[Message]:
    return list(Message.objects.filter(purpose=Purpose.CONSENT_REPLY).order_by("id"))


def only_request() -> InboundRequest:
    return InboundRequest.objects.get()


@pytest.fixture
def staff(admin_client: Client) -> Client:
    return admin_client


def shown(answer: Any) -> str:
    text: str = answer.content.decode()
    return text
