from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import responses

from consent import ledger
from core.vocabulary import Outcome, Purpose
from credentials.client import Exchange
from credentials.models import ApiCredential
from credentials.reading import SendResult
from credentials.vendors import VENDORS
from messaging.accept import accept, through_channel
from messaging.gate import Passed
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Source
from messaging.parts import Sent
from messaging.results import Result

PROVIDER_URL = "https://provider.example.com/messages"
NUMBER = "+14155550101"


def result_of(passed: Passed, outcome: Outcome, **values: Any) -> Result:
    """The result of an attempt that the provider answered so, for the first part waiting."""
    exchange = Exchange(SendResult(outcome, **values))
    return Result(passed, (Sent(passed.waiting[0], passed.attempt_id, exchange),))


@pytest.fixture
def credential(db: None) -> ApiCredential:
    return ApiCredential.objects.create(
        name="Provider",
        provider_url=PROVIDER_URL,
        auth_type="api_key",
        api_token="token-123",
        payload=VENDORS["custom"].payload,
    )


@pytest.fixture
def channel(credential: ApiCredential) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        name="alerts",
        credential=credential,
        sender="+15005550006",
        purpose=Purpose.TRANSACTIONAL,
        default_country="US",
        status=ChannelStatus.ACTIVE,
    )


@pytest.fixture
def marketing(credential: ApiCredential) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        name="news",
        credential=credential,
        sender="+15005550007",
        purpose=Purpose.MARKETING,
        default_country="US",
        status=ChannelStatus.ACTIVE,
    )


@pytest.fixture
def queue(channel: ChannelConfiguration) -> Callable[..., Message]:
    def queue(**values: Any) -> Message:
        chosen = values.pop("channel", channel)
        return accept(
            through_channel(chosen, **({"to": NUMBER, "text": "Hello", "source": Source.API} | values)),
            wake=False,
        )

    return queue


@pytest.fixture
def provider() -> Any:
    with responses.RequestsMock(
        target="core.http.GuardedAdapter.send", assert_all_requests_are_fired=False
    ) as mock:
        yield mock


@pytest.fixture
def opt_out() -> Callable[..., Any]:
    def opt_out(number: str = NUMBER, **values: Any) -> Any:
        return ledger.record(msisdn=number, kind="opt_out", source="keyword", **values)

    return opt_out
