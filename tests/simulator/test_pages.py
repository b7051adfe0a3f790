from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.plugins.suites import chromium
from tests.simulator.conftest import Client, Receiver

pytestmark = pytest.mark.browser
NUMBER = "+14155550100"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1360, "height": 900})
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert complaints == []


def test_a_message_is_read_and_answered(page: Page, client: Client, receiver: Receiver) -> None:
    page.goto(client.url)
    expect(page.get_by_text("No messages yet.")).to_be_visible()
    client.post("/_accounts", json={"apikey": {"callbackUrl": receiver.url}})
    client.send(content="<b>Hello</b>")
    page.get_by_role("button", name=NUMBER).click()
    talk = page.get_by_role("log", name="Conversation")
    expect(talk.get_by_text("<b>Hello</b>")).to_be_visible()
    expect(talk.get_by_text("Delivered · gateway answered 200")).to_be_visible()
    page.get_by_label("Reply", exact=True).fill("Thanks")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The gateway answered 200.")).to_be_visible()
    page.get_by_role("button", name="STOP", exact=True).click()
    expect(talk.get_by_text("STOP", exact=True)).to_be_visible()
    texts = [body["text"] for body in receiver.bodies if body["type"] == "inbound_message"]
    assert texts == ["Thanks", "STOP"]


def test_a_refusal_of_the_gateway_is_shown(page: Page, client: Client, receiver: Receiver) -> None:
    client.script(match={"to": "*"}, action={"noReport": True})
    client.send(inboundUrl=receiver.url)
    receiver.answers = [404] * 4
    page.goto(f"{client.url}/#{NUMBER}")
    page.get_by_role("button", name="HELP", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The callback URL answered 404")


def test_a_callback_url_is_saved(page: Page, client: Client) -> None:
    page.goto(client.url + "/accounts")
    card = page.get_by_role("region", name="MAC")
    card.get_by_label("Callback URL").fill("http://127.0.0.1:8000/hooks/x/")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_text("Saved.")).to_be_visible()
    assert client.state.accounts.callback_urls["mac"] == "http://127.0.0.1:8000/hooks/x/"


def test_a_fault_is_set_and_cleared(page: Page, client: Client) -> None:
    page.goto(client.url + "/faults")
    page.get_by_label("What happens").select_option("Server error")
    page.get_by_label("Times").fill("1")
    page.get_by_role("button", name="Add rule").click()
    expect(page.get_by_text("1 more, acted 0 times")).to_be_visible()
    assert [client.send().status_code for _ in range(2)] == [500, 202]
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("Every message is accepted")).to_be_visible()


@pytest.mark.parametrize("path", ["/", f"/#{NUMBER}", "/accounts", "/faults"])
@pytest.mark.parametrize(("width", "scheme"), [(1360, "light"), (390, "dark")])
def test_every_page_is_accessible_and_fits(
    page: Page, client: Client, path: str, width: int, scheme: str
) -> None:
    client.send()
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(client.url + path)
    page.wait_for_load_state("networkidle")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
