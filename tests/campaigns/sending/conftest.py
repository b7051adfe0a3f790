from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from campaigns import steps
from campaigns.models import (
    Audience,
    AudienceMember,
    Campaign,
    CampaignRun,
    CampaignVariant,
    MessageTemplate,
    TemplateText,
    TemplateVersion,
)
from campaigns.running import taking_back
from campaigns.running.advancing import advance_runs
from consent import ledger
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging.models import ChannelConfiguration, ChannelStatus, Message
from profiles.models import Profile

PROVIDER_URL = "https://provider.example.com/messages"


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
        name="news",
        credential=credential,
        sender="+15005550006",
        purpose="marketing",
        require_opt_in=False,
        countries_allowed="US",
        status=ChannelStatus.ACTIVE,
    )


def number(index: int) -> str:
    """A number of a person."""
    return f"+1415555{index:04d}"


@pytest.fixture
def people(db: None) -> Callable[..., list[Profile]]:
    def make(count: int, **values: Any) -> list[Profile]:
        first = Profile.objects.count()
        return Profile.objects.bulk_create(
            Profile(
                msisdn=number(index),
                **({"attributes": {"firstName": f"Name{index}"}} | values),
            )
            for index in range(first, first + count)
        )

    return make


@pytest.fixture
def version(db: None) -> Callable[..., TemplateVersion]:
    def make(text: str = "Hello", /, **values: Any) -> TemplateVersion:
        texts = {"": text} | values.pop("texts", {})
        name = values.pop("name", f"text {MessageTemplate.objects.count() + 1}")
        template = MessageTemplate.objects.create(name=name)
        made = TemplateVersion.objects.create(template=template, number=1, **values)
        TemplateText.objects.bulk_create(
            TemplateText(version=made, language=language, text=source) for language, source in texts.items()
        )
        return made

    return make


@pytest.fixture
def audience(db: None) -> Callable[[Sequence[Profile]], Audience]:
    def make(profiles: Sequence[Profile]) -> Audience:
        made = Audience.objects.create(name=f"list {Audience.objects.count() + 1}", kind="static")
        AudienceMember.objects.bulk_create(
            AudienceMember(audience=made, profile=profile) for profile in profiles
        )
        return made

    return make


@pytest.fixture
def campaign(
    channel: ChannelConfiguration, people: Any, audience: Any, version: Any
) -> Callable[..., Campaign]:
    """A draft to some people."""

    def make(count: int = 3, text: str = "Hello {{ profile.firstName }}", /, **values: Any) -> Campaign:
        variants = values.pop("variants", None) or {"A": (version(text), 1)}
        profiles = values.pop("profiles", None) or people(count)
        to = values.pop("audience", None) or audience(profiles)
        made = Campaign.objects.create(
            **(
                {
                    "name": f"campaign {Campaign.objects.count() + 1}",
                    "channel": channel,
                    "audience": to,
                    "created_by": "ada",
                }
                | values
            )
        )
        CampaignVariant.objects.bulk_create(
            CampaignVariant(campaign=made, label=label, version=words, weight=weight)
            for label, (words, weight) in variants.items()
        )
        return made

    return make


@pytest.fixture
def run(campaign: Any) -> Callable[..., CampaignRun]:
    """A campaign that was started and carried on until nothing is left to do."""

    def go(made: Campaign | None = None, /, **values: Any) -> CampaignRun:
        started = made or campaign(**values)
        steps.start(campaign_id=started.id, actor="ada")
        advance_runs()
        return started.runs.get()

    return go


def leave() -> None:
    """All that waits leaves and arrives, without a provider."""
    for before, after in pairwise(("queued", "claimed", "sending", "accepted", "delivered")):
        Message.objects.filter(state=before).update(state=after)
    taking_back._look_again_at.clear()


@pytest.fixture
def opt_out() -> Callable[..., Any]:
    def opt_out(msisdn: str, **values: Any) -> Any:
        return ledger.record(msisdn=msisdn, kind="opt_out", source="keyword", **values)

    return opt_out


@pytest.fixture
def signed_in() -> Any:
    """A browser of somebody with a role."""

    def sign_in(role: str) -> Client:
        user, is_new = User.objects.get_or_create(username=role, defaults={"is_staff": True})
        if is_new:
            user.groups.add(Group.objects.get(name=role.split("-")[0]))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def page(name: str, campaign: Campaign, *more: str) -> str:
    """The address of a page of a campaign."""
    return reverse(f"admin:campaigns_campaign_{name}", args=[campaign.pk, *more])
