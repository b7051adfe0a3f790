"""A webhook is set up in the browser: words as chips, a real callback mapped by clicking, an unclear text decided."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import grave_problems, sideways
from tests.browser.staff import Gateway, edit, menu, reload_until, submit

pytestmark = pytest.mark.browser

PERSON, OTHER, SENDER = "+14155550161", "+14155550162", "+15005550006"
CHOICES = {
    PERSON: "Sender: who wrote",
    SENDER: "Recipient: your number",
    "0f3c-9": "Provider's id",
    "2026-11-25T04:20:00Z": "Time",
}


def callback(text: str, number: str = PERSON, provider_id: str = "0f3c-9") -> dict[str, Any]:
    """As a provider nobody knows writes: a list, values two levels down."""
    return {
        "event": "sms.received",
        "messages": [
            {
                "msgId": provider_id,
                "originator": number,
                "destination": SENDER,
                "content": {"text": text},
                "ts": "2026-11-25T04:20:00Z",
            }
        ],
    }


def in_either_way(text: str, number: str, provider_id: str) -> dict[str, object]:
    """A callback that the webhook reads with its first mapping and with the one that a test makes by clicking."""
    standard = {"type": "inbound_message", "id": provider_id, "from": number, "to": SENDER, "text": text}
    return {**standard, **callback(text, number, provider_id)}


def post(url: str, body: object) -> int:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


def open_webhook(page: Page) -> str:
    """Its page; gives the URL that providers call."""
    menu(page, "SMS Webhooks")
    edit(page, "Demo webhook")
    return page.get_by_label("Your provider calls this URL").input_value()


def pick(page: Page, value: str, meaning: str) -> None:
    """Open the menu of a value with Enter and choose with the keyboard alone."""
    button = page.get_by_role("list", name="Values of the callback").get_by_role(
        "button", name=value, exact=True
    )
    button.focus()
    page.keyboard.press("Enter")
    choices = page.get_by_role("group", name=f"What {value} is").get_by_role("button")
    names = [name.split(" (marked elsewhere")[0] for name in choices.all_inner_texts()]
    start = next(at for at, one in enumerate(choices.all()) if is_focused(one))
    step = names.index(meaning) - start
    for _ in range(abs(step)):
        page.keyboard.press("ArrowDown" if step > 0 else "ArrowUp")
    page.keyboard.press("Enter")
    expect(button).to_be_focused()


def is_focused(element: Locator) -> bool:
    return bool(element.evaluate("element => element === document.activeElement"))


def expect_for_everyone(page: Page) -> None:
    assert not grave_problems(page, scheme="light")
    assert not sideways(page)


def test_keywords_are_chips_that_the_keyboard_adds_and_takes_away(staff: Page, gateway: Gateway) -> None:
    open_webhook(staff)
    entry = staff.get_by_label("Opt-out Keywords", exact=True)
    words = staff.get_by_role("list", name="Opt-out Keywords: words").get_by_role("listitem")
    expect(words).to_have_count(6)
    entry.press_sequentially("arret,")
    entry.press_sequentially("baja")
    entry.press("Enter")
    expect(words).to_have_count(8)
    entry.press("Backspace")
    expect(words).to_have_count(7)
    staff.get_by_role("button", name="Remove NO", exact=True).click()
    expect(words).to_have_count(6)
    staff.get_by_role("button", name="Spanish (Español)", exact=True).click()
    expect(staff.get_by_text("They count once you submit")).to_be_visible()
    staff.get_by_label("Opt-out Message").fill("Adiós {{profile.firstName}} 👋")
    expect(staff.get_by_text(re.compile("Unicode because of"))).to_be_visible()
    expect_for_everyone(staff)
    submit(staff, "Demo webhook")
    edit(staff, "Demo webhook")
    expect(words.filter(has_text="BAJA").first).to_be_visible()
    expect(staff.get_by_role("button", name="Remove NO", exact=True)).to_have_count(0)


def test_a_real_callback_is_mapped_by_clicking_and_the_next_one_is_read(
    staff: Page, gateway: Gateway
) -> None:
    url = open_webhook(staff)
    staff.get_by_role("link", name="Map by clicking").first.click()
    staff.get_by_role("button", name="Listen for callbacks").click()
    assert post(url, callback("Hello there")) == 200
    text = staff.get_by_role("button", name="Hello there", exact=True)
    expect(text).to_be_visible()  # it comes by itself
    text.click()
    staff.get_by_role("group", name="What Hello there is").get_by_role("button", name="Message text").click()
    for value, meaning in CHOICES.items():
        pick(staff, value, meaning)
    expect(staff.get_by_text("Message text", exact=True)).to_be_visible()
    staff.get_by_role("button", name="Try on all samples").click()
    result = staff.get_by_role("region", name="3. What would be read")
    expect(result).to_contain_text("Hello there")
    expect(result).to_contain_text("The callback fits neither sample")
    expect_for_everyone(staff)
    staff.get_by_role("button", name="Save mapping").click()
    expect(staff.get_by_text("The mapping is live")).to_be_visible()
    staff.get_by_role("button", name="Process them again").click()
    expect(staff.get_by_text("processed again within half a minute")).to_be_visible()
    assert post(url, callback("Stop please", OTHER, "0f3c-10")) == 200
    menu(staff, "Inbound messages")
    reload_until(staff, staff.get_by_role("cell", name="Stop please"))
    expect(staff.get_by_role("row").filter(has_text=OTHER)).to_contain_text("Opt-out")
    reload_until(staff, staff.get_by_role("row").filter(has_text=PERSON), seconds=45)


def test_the_test_bench_shows_what_would_happen(staff: Page, gateway: Gateway) -> None:
    open_webhook(staff)
    staff.get_by_role("link", name="Test bench").click()
    staff.get_by_label("Request", exact=True).fill(json.dumps(in_either_way("QUIT", PERSON, "0f3c-11")))
    staff.get_by_role("button", name="Try it").click()
    shown = staff.get_by_role("region", name="What would happen")
    for words in ("Genuine", "Opt-out: QUIT", "Opted out of everything", "HTTP 200"):
        expect(shown).to_contain_text(words)
    expect_for_everyone(staff)


def test_an_unclear_text_waits_for_staff_who_decide_it(staff: Page, gateway: Gateway) -> None:
    url = open_webhook(staff)
    assert post(url, in_either_way("CANCIL", PERSON, "0f3c-12")) == 200
    menu(staff, "Review queue")
    row = staff.get_by_role("row").filter(has_text="CANCIL")
    row.get_by_role("button", name="Opt-out", exact=True).click()
    expect(row).to_have_count(0)
    menu(staff, "Consent history")
    expect(staff.get_by_role("row").filter(has_text="Opted out").first).to_be_visible()
