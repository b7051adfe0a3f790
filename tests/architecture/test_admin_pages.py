"""Every admin page of an installation that has seen everything: it renders, and no secret stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from access.keys import issue_key
from access.models import Scope
from consent import ledger
from core.vocabulary import Outcome
from credentials.client import Exchange
from credentials.models import ApiCredential, RequestHeader
from credentials.reading import SendResult
from credentials.services import ensure_default_headers
from credentials.vendors import VENDORS
from messaging import claiming, gate, results
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, ChannelStatus, SendHold, Source
from messaging.parts import Sent
from messaging.results import Result
from profiles.models import Profile
from webhooks.callback import Callback
from webhooks.receiving import receive
from webhooks.services import create_webhook

CANARIES = {
    "api_token": "canary-token-1f0a",
    "api_secret_key": "canary-secret-key-2b7c",
    "oauth_body": json.dumps({"client_id": "i", "client_secret": "canary-oauth-3d9e"}),
}
HEADER_SECRET = "canary-header-4c11"
NUMBER = "+14155550101"


@pytest.fixture
def busy(db: None) -> str:
    """One of everything: a message sent and reported, a STOP, an unreadable callback, a hold; gives the raw API key."""
    credential = ApiCredential.objects.create(
        name="P",
        provider_url="https://p.example.com/",
        payload=VENDORS["custom"].payload,
        auth_type="mac",
        **CANARIES,
    )
    ensure_default_headers(credential=credential)
    RequestHeader.objects.create(credential=credential, name="X-Key", value=HEADER_SECRET, secret=True)
    webhook = create_webhook(credential=credential, name="W", brand="B")
    channel = ChannelConfiguration.objects.create(
        name="c", credential=credential, sender="+15005550006", status=ChannelStatus.ACTIVE
    )
    message = accept(through_channel(channel, to=NUMBER, text="Hi", source=Source.API), wake=False)
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    exchange = Exchange(SendResult(Outcome.ACCEPTED, provider_id="p-1"))
    results.write([Result(passed, (Sent(1, passed.attempt_id, exchange),))])
    bodies = (
        {"type": "delivery_report", "messageId": "p-1", "to": NUMBER, "status": "DELIVERED"},
        {"type": "inbound_message", "id": "i-1", "from": NUMBER, "to": "+15005550006", "text": "STOP"},
        {"nothing": "known"},
    )
    headers = {"Content-Type": "application/json", "Authorization": "Bearer canary-callback-5e22"}
    for body in bodies:
        receive(
            webhook=webhook, callback=Callback(headers=headers, body=json.dumps(body).encode()),
        )  # fmt: skip
    SendHold.objects.create(reason="Drill", placed_by="ada")
    Profile.objects.create(msisdn=NUMBER, attributes={"firstName": "Ada"})
    ledger.record(msisdn="+14155550102", kind="opt_in", source="staff", actor="ada")
    return issue_key(name="Shop", scopes=[Scope.SEND])[1]


def pages() -> Iterator[str]:
    for model, screen in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if screen.has_add_permission.__func__ is admin.ModelAdmin.has_add_permission:
            yield reverse(f"{name}_add")
        for row in model._default_manager.all()[:3]:
            assert isinstance(row, models.Model)
            yield reverse(f"{name}_change", args=[row.pk])


def test_every_page_renders_and_shows_no_secret(admin_client: Client, busy: str) -> None:
    visited = [reverse("admin:index"), *pages()]
    for url in visited:
        answer = admin_client.get(url)
        assert answer.status_code == 200, url
        text = answer.content.decode()
        leaked = [secret for secret in ("canary-", busy) if secret in text]
        assert leaked == [], url
    assert len(visited) > 35


def test_staff_without_permissions_see_nothing(client: Client, busy: str) -> None:
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    allowed = [url for url in pages() if client.get(url).status_code not in (302, 403)]
    assert allowed == []
