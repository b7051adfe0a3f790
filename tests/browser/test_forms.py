from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.staff import exactly, menu

pytestmark = pytest.mark.browser

COMMON = ["SMS vendor", "Name", "Provider AppId", "Provider Name", "Provider URL", "Auth Type"]
OWN_FIELDS = {
    "API key": ["Name", "API Token", "Send key as", "Key name", "Key prefix"],
    "MAC": [
        "Name", "API Token", "API Secret Key", "Mac Authorization Hash Format", "MAC layout",
        "Secret key is written as",
    ],
    "OAuth": [
        "Name", "API Token", "OAuth URL", "OAuth Body", "Send token request as", "Client authentication",
        "Token path", "Expiry path",
    ],
    "JWT": ["Name", "API Token", "JWT Payload", "JWT algorithm"],
    "Basic": ["Name", "User name", "Password"],
    "Bearer": ["Name", "API Token"],
    "No Authentication": [],
}  # fmt: skip
WEBHOOK_FIELDS = [
    "Name",
    "Select SMS vendor",
    "Select API credentials",
    "Opt-in Keywords",
    "Opt-in Message",
    "Opt-out Keywords",
    "Opt-out Message",
    "Help Keywords",
    "Help Message",
]
SMS_SETTINGS = ["Administration", "Channels", "SMS settings"]


def test_credential_form_has_the_documented_fields_in_order(staff: Page) -> None:
    menu(staff, "API Credentials")
    expect_breadcrumb(staff, [*SMS_SETTINGS, "API Credentials"])
    staff.get_by_role("link", name=exactly("Create new API credentials")).click()
    expect_breadcrumb(staff, [*SMS_SETTINGS, "API Credentials", "Create new API credentials"])
    vendors = staff.get_by_label("SMS vendor").get_by_role("option").all_inner_texts()
    assert vendors == ["Sinch", "Twilio", "Infobip", "Custom"]
    auth_type = staff.get_by_label("Auth Type")
    assert auth_type.get_by_role("option").all_inner_texts() == list(OWN_FIELDS)
    for kind, own in OWN_FIELDS.items():
        auth_type.select_option(label=kind)
        assert labels(staff)[: len(COMMON) + len(own) + 1] == [*COMMON, *own, "Body"], kind
    for words in ("Add new parameter", "View payload editor", "Submit"):
        expect(staff.get_by_role("button", name=exactly(words))).to_have_count(1)


def test_headers_can_be_added_and_binned_but_not_the_two_that_stand(staff: Page) -> None:
    menu(staff, "API Credentials")
    staff.get_by_role("link", name="Create new API credentials").click()
    headers = staff.get_by_role("group", name="Headers")
    rows, bins = headers.get_by_role("listitem"), headers.get_by_role("button", name="Delete header")
    expect(rows).to_have_count(2)
    assert [row.get_by_label("Header name").input_value() for row in rows.all()] == [
        "Content-Type",
        "Charset",
    ]
    assert all(row.get_by_label("Header name").evaluate("field => field.readOnly") for row in rows.all())
    expect(bins).to_have_count(0)
    headers.get_by_role("button", name="Add new parameter").click()
    expect(rows).to_have_count(3)
    bins.click()
    expect(rows).to_have_count(2)


def test_webhook_form_has_the_documented_fields_in_order(staff: Page) -> None:
    menu(staff, "SMS Webhooks")
    expect_breadcrumb(staff, [*SMS_SETTINGS, "SMS Webhooks"])
    staff.get_by_role("link", name=exactly("Create Webhook")).click()
    expect_breadcrumb(staff, [*SMS_SETTINGS, "SMS Webhooks", "Create Webhook"])
    shown = labels(staff)
    assert [label for label in shown if label in WEBHOOK_FIELDS] == WEBHOOK_FIELDS
    assert shown[:3] == WEBHOOK_FIELDS[:3]
    expect(staff.get_by_role("button", name=exactly("View payload editor")).first).to_be_visible()
    expect(staff.get_by_role("button", name=exactly("Submit"))).to_have_count(1)


@pytest.mark.parametrize(
    ("item", "name"), [("API Credentials", "Demo provider"), ("SMS Webhooks", "Demo webhook")]
)
def test_rows_have_edit_and_a_bin(staff: Page, item: str, name: str) -> None:
    menu(staff, item)
    row = staff.get_by_role("row").filter(has_text=name)
    expect(row.get_by_text("Edit", exact=True)).to_be_visible()
    bin_icon = row.get_by_role("link", name=f"Delete {name}")
    expect(bin_icon).to_be_visible()
    assert bin_icon.inner_text().strip() in ("", "delete")
    row.get_by_role("link", name=f"Edit {name}").click()
    expect_breadcrumb(staff, [*SMS_SETTINGS, item, name])


def test_payload_is_edited_without_a_mouse(staff: Page) -> None:
    menu(staff, "API Credentials")
    staff.get_by_role("link", name="Create new API credentials").click()
    payload = staff.get_by_role("textbox", name="Provider Payload")
    payload.fill('{"to": "{{toNumber}}", "text": "{{message}}", "brand": ""}')
    press_tab_until(staff, staff.get_by_role("button", name="View payload editor"))
    staff.keyboard.press("Enter")
    editor = staff.get_by_role("dialog").get_by_role("textbox", name="Provider Payload")
    expect(editor).to_be_focused()
    staff.keyboard.press("Control+End")
    for _ in range(2):
        staff.keyboard.press("ArrowLeft")
    picked = staff.get_by_role("dialog").get_by_role("button", name="{{profile.firstName}}").first
    expect(picked).to_be_visible()
    press_tab_until(staff, picked)
    staff.keyboard.press("Enter")
    expect(editor).to_be_focused()
    preview = staff.get_by_role("dialog").get_by_role("region", name="Preview")
    expect(preview).to_contain_text('"brand": "Ada"')
    staff.keyboard.press("Control+Enter")
    expect(staff.get_by_role("dialog")).to_have_count(0)
    assert json.loads(payload.input_value())["brand"] == "{{profile.firstName}}"
    expect(staff.get_by_role("button", name="View payload editor")).to_be_focused()


def labels(page: Page) -> list[str]:
    """The labels one sees, from top to bottom."""
    texts = page.locator("label").filter(visible=True).all_inner_texts()
    return [text.removesuffix("*").strip() for text in texts]


def expect_breadcrumb(page: Page, steps: list[str]) -> None:
    shown = page.get_by_role("navigation", name="Breadcrumb").get_by_role("listitem")
    expect(shown).to_have_text([re.compile(rf"^\W*{re.escape(step)}\s*$") for step in steps])


def press_tab_until(page: Page, target: Locator, *, at_most: int = 40) -> None:
    for _ in range(at_most):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{at_most} times Tab do not reach {target}")
