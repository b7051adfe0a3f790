"""Something to see on every screen: messages in several states, replies, an opt-out, a profile, a bad callback."""

from __future__ import annotations

import time
from typing import Any

import requests
from playwright.sync_api import Page, expect

from tests.browser.staff import Gateway, menu, submit

DELIVERED, REFUSED, OPTED_OUT, ASKED = "+14155550101", "+14155990400", "+14155550102", "+14155550103"
ROUTED = "appointment_reminders.western_europe"
# Name, senders, countries, prefixes of its routes.
ROUTES = (
    ("Alps, main", "+15005550006, +15005550007, +15005550008", "AT, BE, CH, DE, DK, FR, IT, LI, LU, NL", ""),
    (
        "everywhere_else_through_the_second_line",
        "HarbourBook",
        "",
        "+3361, +3362, +3363, +3364, +3365, +3366",
    ),
)
TEXT = "Hello Ada, your table for 2 is booked for 19:30 today. See you at Harbour Books!"


def fill_with_sample(page: Page, gateway: Gateway) -> None:
    """Use the gateway for a minute: through the API, the simulator's handset and, for the rest, the forms."""
    for number in (DELIVERED, REFUSED, OPTED_OUT, ASKED):
        send(gateway, number)
    for number in (DELIVERED, OPTED_OUT, ASKED):
        wait_for(gateway, number, "delivered")
    reply(gateway, ASKED, "HELP")
    reply(gateway, OPTED_OUT, "STOP")
    send(gateway, OPTED_OUT)
    _create_profile(page)
    _create_audiences(page)
    _write_template(page)
    _create_routes(page)
    _post_unreadable(_webhook_url(page))


def _api(gateway: Gateway, method: str, path: str, **body: Any) -> Any:
    key = {"Authorization": f"Bearer {gateway.printed('API key (shown once):')}"}
    answer = requests.request(method, f"{gateway.url}api/v1/{path}", headers=key, json=body, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def send(gateway: Gateway, number: str) -> None:
    gateway.messages[number] = _api(gateway, "POST", "messages", channel="demo", to=number, text=TEXT)["id"]


def wait_for(gateway: Gateway, number: str, state: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        seen = _api(gateway, "GET", f"messages/{gateway.messages[number]}")["state"]
        if seen == state:
            return
        time.sleep(0.1)
    raise AssertionError(f"message to {number} is {seen}, not {state}")


def reply(gateway: Gateway, number: str, text: str) -> None:
    body = {"number": number, "text": text}
    answer = requests.post(f"{gateway.simulator_url}_handset/reply", json=body, timeout=20).json()
    assert answer["status"] == 200, answer


def _create_profile(page: Page) -> None:
    menu(page, "Profiles")
    page.get_by_role("link", name="Add profile").click()
    page.get_by_label("Number").first.fill(DELIVERED)
    page.get_by_label("Attributes").fill('{"firstName": "Ada", "city": "London"}')
    submit(page, "+1415•••0101")


def _create_audiences(page: Page) -> None:
    menu(page, "Audiences")
    page.get_by_role("link", name="Create audience").first.click()
    page.get_by_label("Name").fill("Londoners")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("Value").fill("London")
    submit(page, "Londoners")
    page.get_by_role("link", name="Create audience").first.click()
    page.get_by_label("Name").fill("Guests")
    page.get_by_label("Kind").select_option("static")
    submit(page, "Guests")
    page.get_by_label("Numbers or external IDs").fill(f"{DELIVERED}, {OPTED_OUT}")
    page.get_by_role("button", name="Add to the list").click()


def _write_template(page: Page) -> None:
    menu(page, "Message templates")
    page.get_by_role("link", name="Create message template").first.click()
    page.get_by_label("Name*", exact=True).fill("Sample template")
    page.get_by_role("textbox", name="Text, default").click()
    page.keyboard.insert_text("Hi {{profile.firstName}}, see you in {{ profile.city | upper }}!")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Edit Sample template")).to_be_visible()


def _create_routes(page: Page) -> None:
    menu(page, "Channel configurations")
    page.get_by_role("link", name="Create channel configuration").click()
    page.get_by_label("Name").fill(ROUTED)
    page.get_by_label("API credentials").select_option(label="Demo provider")
    page.get_by_label("Sender number").fill("+15005550006")
    submit(page, ROUTED)
    for name, senders, countries, prefixes in ROUTES:
        menu(page, "Routes")
        page.get_by_role("link", name="Create route").first.click()
        page.get_by_label("Channel configuration").select_option(label=ROUTED)
        page.get_by_label("Name").fill(name)
        page.get_by_label("API credentials").select_option(label="Demo provider")
        page.get_by_label("Senders").fill(senders)
        page.get_by_label("Countries").fill(countries)
        page.get_by_label("Number prefixes").fill(prefixes)
        submit(page, name)


def _webhook_url(page: Page) -> str:
    menu(page, "SMS Webhooks")
    page.get_by_role("link", name="Edit Demo webhook").click()
    return page.get_by_role("textbox", name="Your provider calls this URL").input_value()


def _post_unreadable(url: str) -> None:
    answer = requests.post(url, data="{not json", headers={"Content-Type": "application/json"}, timeout=10)
    assert answer.status_code < 300, answer.text
