"""Every way of signing in and every documented vendor: created through the form, and it sends."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.staff import Gateway, menu, submit
from tests.core.loopback import Loopback, answer
from tests.core.pki import Pair
from tests.operations.processes import up

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
    # A header that the provider that demands a client certificate must see besides.
    certified: str | None = None


@pytest.fixture(scope="module")
def provider_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of a provider on localhost; its own authority."""
    path = tmp_path_factory.mktemp("tls") / "provider.pem"
    path.write_text(Pair.made("localhost").both)
    return path


@pytest.fixture(scope="module")
def ours() -> Pair:
    """The certificate the provider knows us by."""
    return Pair.made("gateway.example")


@pytest.fixture(scope="module")
def demanding(provider_keys: Path, ours: Pair) -> Iterator[Loopback]:
    """A provider that talks to nobody without our client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(provider_keys)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=ours.certificate)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
            while made.read_request(wrapped):
                body = json.dumps({"messageId": "tls-1"}).encode()
                wrapped.sendall(answer("202 Accepted", body, "Content-Type: application/json"))

    with Loopback(serve) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, demanding: Loopback, provider_keys: Path
) -> Iterator[Gateway]:
    """A gateway that may talk to that provider."""
    trusted = {
        "SMSGATEWAY_PRIVATE_HOSTS": f"localhost:{demanding.port}",
        "SMSGATEWAY_CA_FILE": str(provider_keys),
    }
    with up(tmp_path_factory.mktemp("gateway"), **trusted) as process:
        yield Gateway(process)


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
    Provider("Certificate alone", {}, "No Authentication", certified=""),
    Provider("Certificate and key", {"API Token": "demo-bearer-token"}, "Bearer",
             certified="Authorization: Bearer demo-bearer-token"),
    Provider("Sinch", {"Service ID": "plan", "API Token": "demo-bearer-token", "Override URL": "{host}"},
             vendor="Sinch"),
    Provider("Twilio", {"Account SID": "demo-user", "Auth Token": "demo-password"}, vendor="Twilio",
             path="2010-04-01/Accounts/{{account_sid}}/Messages.json"),
    Provider("Infobip", {"API base URL": "{host}", "API key": "demo-bearer-token"}, vendor="Infobip"),
]  # fmt: skip


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_created_through_the_form_it_sends(
    gateway: Gateway, staff: Page, provider: Provider, demanding: Loopback, ours: Pair, tmp_path: Path
) -> None:
    if provider.apikey:
        accounts = f"{gateway.simulator_url}_accounts"
        assert requests.post(accounts, json={"apikey": provider.apikey}, timeout=10).ok
    menu(staff, "API Credentials")
    staff.get_by_role("link", name="Create new API credentials").click()
    staff.get_by_label("SMS vendor").select_option(label=provider.vendor)
    staff.get_by_role("textbox", name="Name*", exact=True).fill(provider.name)
    fill_in(staff, gateway, provider)
    if provider.certified is not None:
        staff.get_by_label("Provider URL").fill(f"https://localhost:{demanding.port}/messages")
        show_certificate(staff, ours, tmp_path if provider.certified else None)
    submit(staff, provider.name)
    test = staff.get_by_role("region", name="Send test SMS")
    test.get_by_label("Number").first.fill("+14155550171")
    test.get_by_label("Sender number").fill("+15005550071")
    test.get_by_role("button", name="Send test SMS").click()
    result = staff.get_by_role("region", name=f"Test of {provider.name}")
    expect(result.get_by_text(re.compile("^sent$", re.IGNORECASE)).first).to_be_visible()
    if provider.certified is not None:
        expect(result).to_contain_text("tls-1")
        assert provider.certified in demanding.requests[-1].decode()


def show_certificate(page: Page, pair: Pair, directory: Path | None) -> None:
    """Fill in certificate and key: pasted, or as files from `directory`."""
    page.get_by_text("Mutual TLS", exact=True).click()
    texts = {"Client certificate": pair.certificate, "Client key": pair.key}
    for number, (label, text) in enumerate(texts.items()):
        if directory is None:
            page.get_by_label(label, exact=True).fill(text)
        else:
            path = directory / f"{number}.pem"
            path.write_text(text)
            page.get_by_label("or its file").nth(number).set_input_files(path)


ANSWER = """{"result": {"state": "queued", "message-id": "m-17"}}"""


def test_a_value_of_a_sample_answer_is_clicked_and_says_what_it_is(gateway: Gateway, staff: Page) -> None:
    menu(staff, "API Credentials")
    staff.get_by_role("link", name="Create new API credentials").click()
    staff.get_by_text("Answers", exact=True).click()
    staff.get_by_text("Paste a sample answer").click()
    staff.get_by_label("Answer, JSON, XML or text").fill(ANSWER)
    staff.get_by_role("button", name="Show values").click()
    values = staff.get_by_role("list", name="Values of the answer")
    values.get_by_role("button", name="m-17").click()
    staff.get_by_role("button", name="This is the message id").click()
    expect(staff.get_by_label("Message id path")).to_have_value('result."message-id"')
    values.get_by_role("button", name="queued").click()
    staff.get_by_role("button", name="This value means success").click()
    shown = {
        "statuses": "2xx",
        "path": "result.state",
        "test": "none_of",
        "values": "queued",
        "outcome": "failed",
    }
    for column, value in shown.items():
        expect(staff.locator(f'[name="rules-0-{column}"]')).to_have_value(value)
    # And what was clicked is what is kept, and judges.
    staff.get_by_role("textbox", name="Name*", exact=True).fill("Clicked")
    staff.get_by_label("Auth Type").select_option(label="No Authentication")
    staff.get_by_label("Provider URL").fill(f"{gateway.simulator_url}open/messages")
    submit(staff, "Clicked")
    test = staff.get_by_role("region", name="Send test SMS")
    test.get_by_label("Number").first.fill("+14155550172")
    test.get_by_label("Sender number").fill("+15005550071")
    test.get_by_role("button", name="Send test SMS").click()
    expect(staff.get_by_text("Response rule 1 (2xx: result.state is none of queued): Failed")).to_be_visible()


CURL = """curl -X POST https://api.example.com/v1/send -H 'Authorization: Bearer abc' \\
 -H 'Content-Type: application/json' \\
 -d '{"recipient": "+14155550123", "body": "Hello there", "sender": "ACME"}'"""


def test_what_was_guessed_of_a_pasted_curl_is_marked_at_its_field(gateway: Gateway, staff: Page) -> None:
    menu(staff, "API Credentials")
    staff.get_by_role("link", name="Paste a cURL").first.click()
    staff.get_by_label(re.compile("cURL", re.IGNORECASE)).fill(CURL)
    staff.get_by_role("button", name=re.compile("form", re.IGNORECASE)).click()
    expect(staff.get_by_label("Provider URL")).to_have_value("https://api.example.com/v1/send")
    guesses = staff.locator(".cr-guess").filter(visible=True)
    expect(guesses.first).to_be_visible()
    told = " ".join(guesses.all_inner_texts())
    for word in ("recipient", "sender", "text"):
        assert word in told, told
    payload = json.loads(staff.get_by_role("textbox", name="Provider Payload").input_value())
    assert payload == {"recipient": "{{toNumber}}", "body": "{{message}}", "sender": "{{fromNumber}}"}


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
