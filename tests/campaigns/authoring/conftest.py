from __future__ import annotations

from typing import Any

import pytest
import responses

from core.vocabulary import Purpose
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging.models import ChannelConfiguration, ChannelStatus


@pytest.fixture
def channel(db: None) -> ChannelConfiguration:
    credential = ApiCredential.objects.create(
        name="Provider",
        provider_url="https://provider.example.com/messages",
        auth_type="api_key",
        api_token="token-123",
        payload=VENDORS["custom"].payload,
    )
    return ChannelConfiguration.objects.create(
        name="news",
        credential=credential,
        sender="+15005550006",
        purpose=Purpose.MARKETING,
        default_country="US",
        status=ChannelStatus.ACTIVE,
    )


@pytest.fixture
def provider() -> Any:
    with responses.RequestsMock(
        target="core.http.GuardedAdapter.send", assert_all_requests_are_fired=False
    ) as mock:
        mock.post("https://provider.example.com/messages", json={"id": "p-1"})
        yield mock
