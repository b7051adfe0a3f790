"""Staff switch verification on, rotate the secret without losing a callback, and find out why one was refused."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.staff import exactly, menu

pytestmark = pytest.mark.browser

OLD, NEW = "the old signing token", "the new signing token"


def call(url: str, token: str, text: str) -> int:
    """A provider's callback; gives the status of the answer."""
    body = json.dumps(
        {"type": "inbound_message", "id": f"m-{text}", "from": "+14155550123", "to": "1", "text": text}
    )
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def open_webhook(page: Page) -> None:
    menu(page, "SMS Webhooks")
    page.get_by_role("link", name=re.compile("^Edit ")).first.click()
    page.locator("#section-verification > summary").click()


def submit(page: Page) -> None:
    page.get_by_role("button", name=exactly("Save and continue editing")).click()
    expect(page.get_by_role("heading", name="Verification").first).to_be_visible()


def test_a_secret_is_rotated_without_losing_a_callback(staff: Page) -> None:
    open_webhook(staff)
    url = staff.locator("#callback-url").input_value()
    assert call(url, "anything", "before") == 200

    staff.get_by_label("Verify callbacks by").select_option(label="Bearer token")
    staff.get_by_label("Token", exact=True).fill(OLD)
    staff.get_by_label("Label of the secret").fill("first")
    submit(staff)
    assert [call(url, OLD, "one"), call(url, NEW, "two")] == [200, 403]

    open_webhook(staff)
    panel = staff.get_by_role("region", name="Verification", exact=True)
    expect(panel).to_contain_text("1 callback was refused in the last 24 hours.")
    expect(panel).to_contain_text("The token does not match.")
    staff.get_by_label("Token", exact=True).fill(NEW)
    staff.get_by_label("Label of the secret").fill("second")
    staff.get_by_label("Older secrets count").select_option(label="For 24 hours more")
    submit(staff)
    assert [call(url, OLD, "three"), call(url, NEW, "four")] == [200, 200]

    open_webhook(staff)
    row = panel.get_by_role("row").filter(has_text="first")
    expect(row).not_to_contain_text("not yet")
    row.get_by_text("Remove", exact=True).click()
    expect(row).to_contain_text("Calls signed with it are refused at once.")
    row.get_by_role("button", name="Remove this secret").click()
    expect(staff.get_by_text("“first” is removed.")).to_be_visible()
    assert [call(url, OLD, "five"), call(url, NEW, "six")] == [403, 200]


def test_each_scheme_shows_its_own_fields(staff: Page) -> None:
    open_webhook(staff)
    choice = staff.get_by_label("Verify callbacks by")
    shown = {
        "None": ["Allowed addresses"],
        "Basic": ["User name", "Password", "Label of the secret"],
        "Twilio signature": ["Auth Token", "URL as the provider signs it"],
        "HMAC in a header": ["Header", "Algorithm", "Signed text", "Oldest signature (seconds)", "Secret"],
        "Signed JWT (MessageBird)": ["Issuer", "Digests cover"],
    }
    every = {label for labels in shown.values() for label in labels} - {"Allowed addresses"}
    for scheme, labels in shown.items():
        choice.select_option(label=scheme)
        for label in labels:
            expect(staff.get_by_label(label, exact=True)).to_be_visible()
        if scheme in ("None", "Basic"):
            for label in every - set(labels):
                expect(staff.get_by_label(label, exact=True)).to_be_hidden()
