from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.staff import Gateway, edit, log_in, menu, reload_until, submit

pytestmark = pytest.mark.browser

STANDARD_CONFIRMATION = (
    "Harbour Books: You are unsubscribed and will receive no more messages. Reply START to resubscribe."
)
OAUTH_BODY = (
    '{"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo-client-secret"}'
)


@dataclass(frozen=True)
class Account:
    """How the simulator's account of one auth type is entered, and the handset it writes to."""

    auth_type: str
    path: str
    fields: dict[str, str]
    number: str
    national: str
    sender: str

    @property
    def name(self) -> str:
        return f"Harbour {self.auth_type}"

    @property
    def secrets(self) -> list[str]:
        """What no screen may show: the fields that hold a key, but not an id that travels in the open."""
        shown = () if self.auth_type == "MAC" else (self.fields.get("API Token"),)
        return [value for value in (*shown, self.fields.get("API Secret Key")) if value]

    @property
    def channel(self) -> str:
        return "harbour-" + self.auth_type.replace(" ", "-").lower()


ACCOUNTS = [
    Account(
        "API key",
        "apikey/messages",
        {"API Token": "demo-api-token"},
        "+14155550111",
        "(415) 555-0111",
        "+15005550011",
    ),
    Account(
        "MAC",
        "mac/messages",
        {
            "API Token": "demo-mac-id",
            "API Secret Key": "demo-mac-secret-key",
            "Mac Authorization Hash Format": "HMAC SHA-256, base64",
        },
        "+14155550112",
        "415-555-0112",
        "+15005550012",
    ),
    Account(
        "OAuth",
        "oauth/messages",
        {"OAuth URL": "{simulator}oauth/token", "OAuth Body": OAUTH_BODY},
        "+14155550113",
        "415 555 0113",
        "+15005550013",
    ),
    Account(
        "JWT",
        "jwt/messages",
        {
            "API Token": "demo-jwt-secret-0123456789abcdef0123456789",
            "JWT Payload": '{"iss": "harbour-books", "exp": 300}',
            "JWT algorithm": "HS256 (shared key)",
        },
        "+14155550114",
        "1 415.555.0114",
        "+15005550014",
    ),
]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.auth_type)
def test_from_the_forms_to_a_suppressed_send(gateway: Gateway, desktop: Page, account: Account) -> None:
    staff = desktop
    log_in(staff, gateway)
    with staff.context.expect_page() as second_tab:
        staff.get_by_role("link", name="Simulated handset").click(modifiers=["Control"])
    provider = second_tab.value

    create_credential(staff, gateway, account)
    url = create_webhook(staff, account)
    paste_url_at_the_provider(provider, account, url)
    create_channel(staff, account)

    send_test_sms(staff, account)
    send_from_channel(staff, account, "Our new catalogue is out.")
    reload_until(staff, message_state(staff, "Delivered"))

    receive_and_reply_stop(provider, account, "Our new catalogue is out.")
    see_opt_out(staff, account)

    send_from_channel(staff, account, "Last chance: our catalogue.")
    reload_until(staff, message_state(staff, "Suppressed"))
    expect(staff.get_by_role("region", name="Message to").get_by_text("opted out")).to_be_visible()
    handset_has_one_confirmation(provider, "Last chance: our catalogue.")


def create_credential(page: Page, gateway: Gateway, account: Account) -> None:
    menu(page, "API Credentials")
    page.get_by_role("link", name="Create new API credentials").click()
    page.get_by_label("SMS vendor").select_option(label="Custom")
    page.get_by_role("textbox", name="Name*", exact=True).fill(account.name)
    page.get_by_label("Provider AppId").fill("harbour")
    page.get_by_label("Provider Name").fill("Simulator")
    page.get_by_label("Provider URL").fill(gateway.simulator_url + account.path)
    page.get_by_label("Auth Type").select_option(label=account.auth_type)
    page.get_by_role("textbox", name="Name", exact=True).fill(f"{account.auth_type} of the simulator")
    for label, value in account.fields.items():
        fill(page, label, value.replace("{simulator}", gateway.simulator_url))
    add_team_header(page)
    apply_payload(page)
    submit(page, account.name)


def fill(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label)
    if field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(label=value)
    else:
        field.fill(value)


def add_team_header(page: Page) -> None:
    headers = page.get_by_role("group", name="Headers")
    rows = headers.get_by_role("listitem")
    bins = headers.get_by_role("button", name=re.compile("delete", re.IGNORECASE))
    expect(rows).to_have_count(2)
    for row, (name, value) in enumerate([("Content-Type", "application/json"), ("Charset", "UTF-8")]):
        expect(rows.nth(row).get_by_label("Header name")).to_have_value(name)
        expect(rows.nth(row).get_by_label("Header value")).to_have_value(value)
    expect(bins).to_have_count(0)
    headers.get_by_role("button", name="Add new parameter").click()
    rows.nth(2).get_by_label("Header name").fill("X-Team")
    rows.nth(2).get_by_label("Header value").fill("books")
    expect(bins).to_have_count(1)


def apply_payload(page: Page) -> None:
    page.get_by_role("button", name="View payload editor").click()
    dialog = page.get_by_role("dialog", name="Payload editor")
    expect(dialog.get_by_role("status").first).to_have_text("No problems found")
    preview = dialog.get_by_role("region", name="Preview")
    expect(preview).to_contain_text('"to": "+1415')
    expect(preview).to_contain_text("X-Team: books")
    expect(preview).not_to_contain_text("{{")
    dialog.get_by_role("button", name="Apply", exact=True).click()
    expect(dialog).to_be_hidden()


def create_webhook(page: Page, account: Account) -> str:
    menu(page, "SMS Webhooks")
    page.get_by_role("link", name="Create Webhook").click()
    page.get_by_role("textbox", name="Name*", exact=True).fill(account.name)
    credentials = page.get_by_label("Select API credentials")
    offered = credentials.get_by_role("option", name=account.name)
    page.get_by_label("Select SMS vendor").select_option(label="Twilio")
    expect(offered).to_have_count(0)
    page.get_by_label("Select SMS vendor").select_option(label="Custom")
    expect(offered).to_have_count(1)
    credentials.select_option(label=account.name)
    page.get_by_label("Brand name").fill("Harbour Books")
    page.get_by_label("Help contact").fill("help@harbour.example")
    submit(page, account.name)
    edit(page, account.name)
    page.get_by_role("button", name="Copy URL").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    expect(page.get_by_role("textbox", name="Your provider calls this URL")).to_have_value(copied)
    return copied


def paste_url_at_the_provider(page: Page, account: Account, url: str) -> None:
    page.get_by_role("link", name="Accounts").click()
    card = page.get_by_role("region", name=account.auth_type)
    card.get_by_label("Callback URL").fill(url)
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("status")).to_contain_text("Saved")


def create_channel(page: Page, account: Account) -> None:
    menu(page, "Channel configurations")
    page.get_by_role("link", name="Create channel configuration").click()
    page.get_by_label("Name").fill(account.channel)
    page.get_by_label("API credentials").select_option(label=account.name)
    page.get_by_label("Sender number").fill(account.sender)
    page.get_by_label("Purpose").select_option(label="Marketing")
    page.get_by_label("Marketing needs an opt-in").uncheck()
    page.get_by_label("Default country").select_option(label="United States (US, +1)")
    submit(page, account.channel)
    edit(page, account.channel)
    status = page.get_by_role("region", name="Status")
    expect(status).to_contain_text("Draft")
    status.get_by_role("button", name="Activate").click()
    expect(status).to_contain_text("Active")


def send_test_sms(page: Page, account: Account) -> None:
    menu(page, "API Credentials")
    edit(page, account.name)
    test = page.get_by_role("region", name="Send test SMS")
    test.get_by_label("Number", exact=False).first.fill(account.number)
    test.get_by_label("Message").fill("A test of the credential.")
    test.get_by_role("button", name="Send test SMS").click()
    result = page.get_by_role("region", name=f"Test of {account.name}")
    expect(result.get_by_text(re.compile("^sent$", re.IGNORECASE)).first).to_be_visible()
    request = page.get_by_role("region", name="What was sent")
    for header in ("X-Team: books", "Content-Type: application/json; charset=UTF-8"):
        expect(request).to_contain_text(header)
    for secret in account.secrets:
        expect(request).not_to_contain_text(secret)


def send_from_channel(page: Page, account: Account, text: str) -> None:
    menu(page, "Channel configurations")
    edit(page, account.channel)
    form = page.get_by_role("region", name="Send a message")
    form.get_by_label("Number").fill(account.national)
    form.get_by_label("Message").fill(text)
    form.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("heading", name=f"Message to {account.number}")).to_be_visible()
    expect(page.get_by_role("region", name="Message to")).to_contain_text(text)


def message_state(page: Page, state: str) -> Locator:
    region = page.get_by_role("region", name="Message to")
    return region.get_by_text(state, exact=True)


def receive_and_reply_stop(page: Page, account: Account, text: str) -> None:
    page.get_by_role("link", name="Handset").click()
    page.get_by_role("button", name=account.number).click()
    conversation = page.get_by_role("log", name="Conversation")
    expect(conversation.get_by_text(text)).to_be_visible()
    page.get_by_role("button", name="STOP").click()
    expect(page.get_by_role("status")).to_contain_text("The gateway answered 2")
    expect(conversation.get_by_text(STANDARD_CONFIRMATION)).to_be_visible()


def see_opt_out(page: Page, account: Account) -> None:
    menu(page, "Consent history")
    page.get_by_role("search").get_by_role("textbox").fill(account.national)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]q="))
    row = page.get_by_role("row").filter(has_text=account.number)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Opted out")
    expect(row).to_contain_text("STOP")


def handset_has_one_confirmation(page: Page, unwanted: str) -> None:
    conversation = page.get_by_role("log", name="Conversation")
    expect(conversation.get_by_text(STANDARD_CONFIRMATION)).to_have_count(1)
    expect(conversation.get_by_text(unwanted)).to_have_count(0)
