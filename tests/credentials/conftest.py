from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from credentials import client
from credentials.auth.tokens import TOKENS
from credentials.client import Exchange, client_for
from credentials.models import ApiCredential, RequestHeader
from credentials.services import ensure_default_headers
from credentials.vendors import CUSTOM

URL = "https://provider.example.com/messages"
TOKEN_URL = "https://provider.example.com/token"
CONTEXT = {
    "toNumber": "+14155550123",
    "fromNumber": "+15005550006",
    "message": "Hello",
    "messageId": "m-1",
    "part": 1,
    "parts": 1,
    "encoding": "GSM-7",
    "profile": {"firstName": "Ada"},
}


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    TOKENS.clear()
    client._clients.clear()
    yield
    TOKENS.clear()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(
        target="core.http.GuardedAdapter.send", assert_all_requests_are_fired=False
    ) as mock:
        yield mock


def make_credential(headers: dict[str, str] | None = None, **values: Any) -> ApiCredential:
    defaults = {
        "name": f"Provider {ApiCredential.objects.count()}",
        "provider_url": URL,
        "api_token": "tok-123456",
        "payload": CUSTOM.payload,
    }
    credential = ApiCredential.objects.create(**{**defaults, **values})
    for name, value in (headers or {}).items():
        RequestHeader.objects.create(credential=credential, name=name, value=value)
    ensure_default_headers(credential=credential)
    return credential


def send(credential: ApiCredential, **options: Any) -> Exchange:
    return client_for(credential.pk).send(CONTEXT, **options)


def sends(wire: responses.RequestsMock) -> list[requests.PreparedRequest]:
    return [call.request for call in wire.calls if call.request.url.startswith(URL)]
