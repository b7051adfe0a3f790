from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from consent import ledger, suppression
from core.clock import now
from core.ids import first_id_at
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration, Message, Source
from profiles.models import Profile


@pytest.fixture
def credential(db: None) -> ApiCredential:
    return ApiCredential.objects.create(name="Provider", provider_url="https://provider.example.com/messages")


@pytest.fixture
def channel(credential: ApiCredential) -> ChannelConfiguration:
    return ChannelConfiguration.objects.create(
        name="shop", credential=credential, sender="+15005550006", purpose="marketing"
    )


@pytest.fixture
def message(channel: ChannelConfiguration) -> Callable[..., Message]:
    """A message to a profile, as it stands some days later."""

    def make(profile: Profile, *, days_ago: float = 0, state: str = "delivered", **values: Any) -> Message:
        moment = now() - timedelta(days=days_ago)
        key = uuid.UUID(int=first_id_at(moment).int | (uuid.uuid4().int & (2**62 - 1)))
        row = {
            "channel": channel, "credential": channel.credential, "msisdn": profile.msisdn, "sender": "+15005550006",
            "subject_id": ledger.subjects_for([profile.msisdn])[profile.msisdn], "purpose": "marketing",
            "source": Source.API, "text": "Hello", "state": state, "created_at": moment, "valid_until": moment,
        }  # fmt: skip
        return Message.objects.create(id=key, **{**row, **values})

    return make


def says(profile: Profile, kind: str, *, purpose: str = "marketing", scope: str = "all") -> None:
    """Something on record about consent."""
    ledger.record(
        msisdn=profile.msisdn, kind=kind, source="keyword", purpose=purpose, scope=scope, occurred_at=now()
    )


def suppress(profile: Profile, **values: Any) -> Any:
    """The profile's number on the suppression list."""
    return suppression.add(msisdn=profile.msisdn, code="complaint", source="staff", **values)
