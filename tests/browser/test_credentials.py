"""Every way of signing in and every documented vendor: created through the form, and it sends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.staff import Gateway, menu, submit

pytestmark = pytest.mark.browser

OAUTH_BODY = (
    '{"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo-client-secret"}'
)


@dataclass(frozen=True)
class Provider:
    """What is filled in; `apikey` is where the simulator expects the key."""

    name: str
    fields: dict[str, str]
    auth_type: str = ""
    path: str = ""
    vendor: str = "Custom"
    apikey: dict[str, Any] = field(default_factory=dict)


KEY = {"API Token": "demo-api-token"}
PROVIDERS = [
    Provider("Key in a header", {**KEY, "Key name": "X-Api-Key", "Key prefix": ""}, "API key", "apikey/messages",
             apikey={"in": "header", "name": "X-Api-Key", "prefix": ""}),
    Provider("Key in the query", {**KEY, "Send key as": "Query parameter", "Key name": "key"}, "API key",
             "apikey/messages", apikey={"in": "query", "name": "key"}),
    Provider("Key in the body", {**KEY, "Send key as": "Body field", "Key name": "key"}, "API key",
             "apikey/messages", apikey={"in": "body", "name": "key"}),
    Provider("Signed", {"API Token": "demo-mac-id", "API Secret Key": "demo-mac-secret-key"}, "MAC", "mac/messages"),
    Provider("With tokens", {"OAuth URL": "{simulator}oauth/token", "OAuth Body": OAUTH_BODY}, "OAuth",
             "oauth/messages"),
    Provider("With claims", {"API Token": "demo-jwt-secret-0123456789abcdef0123456789",
                             "JWT Payload": '{"iss": "shop", "exp": 300}'}, "JWT", "jwt/messages"),
    Provider("Basic", {"User name": "demo-user", "Password": "demo-password"}, "Basic", "basic/messages"),
    Provider("Bearer", {"API Token": "demo-bearer-token"}, "Bearer", "bearer/messages"),
    Provider("Open", {}, "No Authentication", "open/messages"),
    Provider("Sinch", {"Service ID": "plan", "API Token": "demo-bearer-token", "Override URL": "{host}"},
             vendor="Sinch"),
    Provider("Twilio", {"Account SID": "demo-user", "Auth Token": "demo-password"}, vendor="Twilio",
             path="2010-04-01/Accounts/{{account_sid}}/Messages.json"),
    Provider("Infobip", {"API base URL": "{host}", "API key": "demo-bearer-token"}, vendor="Infobip"),
]  # fmt: skip


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_created_through_the_form_it_sends(gateway: Gateway, staff: Page, provider: Provider) -> None:
    if provider.apikey:
        accounts = f"{gateway.simulator_url}_accounts"
        assert requests.post(accounts, json={"apikey": provider.apikey}, timeout=10).ok
    menu(staff, "API Credentials")
    staff.get_by_role("link", name="Create new API credentials").click()
    staff.get_by_label("SMS vendor").select_option(label=provider.vendor)
    staff.get_by_role("textbox", name="Name*", exact=True).fill(provider.name)
    fill_in(staff, gateway, provider)
    submit(staff, provider.name)
    test = staff.get_by_role("region", name="Send test SMS")
    test.get_by_label("Number").first.fill("+14155550171")
    test.get_by_label("Sender number").fill("+15005550071")
    test.get_by_role("button", name="Send test SMS").click()
    result = staff.get_by_role("region", name=f"Test of {provider.name}")
    expect(result.get_by_text(re.compile("^sent$", re.IGNORECASE)).first).to_be_visible()


def fill_in(page: Page, gateway: Gateway, provider: Provider) -> None:
    """The account's fields; with a vendor they stand on top and the rest is filled in and folded away."""
    places = {"{simulator}": gateway.simulator_url, "{host}": gateway.simulator_url.rstrip("/")}
    form: Any = page
    if provider.vendor != "Custom":
        form = page.get_by_role("group", name="Your account at the provider")
        expect(form).to_be_visible()
        expect(page.get_by_label("Provider URL")).to_be_hidden()
    if provider.path:
        if provider.vendor != "Custom":
            page.get_by_text("Request details", exact=True).click()
        page.get_by_label("Provider URL").fill(gateway.simulator_url + provider.path)
    if provider.auth_type:
        page.get_by_label("Auth Type").select_option(label=provider.auth_type)
    for label, value in provider.fields.items():
        for place, text in places.items():
            value = value.replace(place, text)
        control = form.get_by_label(label, exact=False).first
        if control.evaluate("field => field.tagName") == "SELECT":
            control.select_option(label=value)
        else:
            control.fill(value)
