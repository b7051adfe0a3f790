from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging import channels
from messaging.models import ChannelConfiguration, Route

SECOND_URL = "https://second.example.com/messages"


@pytest.fixture
def second(db: None) -> ApiCredential:
    return ApiCredential.objects.create(
        name="Second",
        provider_url=SECOND_URL,
        auth_type="api_key",
        api_token="token-456",
        payload=VENDORS["custom"].payload,
    )


@pytest.fixture
def route(channel: ChannelConfiguration, credential: ApiCredential) -> Callable[..., Route]:
    def make(name: str, **values: Any) -> Route:
        position = values.pop("position", channel.routes.count() + 1)
        made = Route.objects.create(
            **({"channel": channel, "name": name, "position": position, "credential": credential} | values)
        )
        channels.forget()
        return made

    return make
