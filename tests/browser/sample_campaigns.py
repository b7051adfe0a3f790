"""Campaigns to see on the screens: a draft, one that runs for long, one that is through, one that waits for calls."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.sample import DELIVERED, OPTED_OUT
from tests.browser.staff import menu, reload_until, submit

GUESTS = "Guests"
REGULARS = "Regulars"
_REGULARS = [DELIVERED, OPTED_OUT, *(f"+1415555{number}" for number in range(3000, 3060))]


@dataclass(frozen=True)
class Sample:
    """A campaign: what its form says, and whether it is started."""

    name: str
    audience: str
    per_minute: str = ""
    is_started: bool = True
    is_compared: bool = False


DRAFT = Sample("Autumn news", GUESTS, is_started=False)
RUNNING = Sample("Opening hours", REGULARS, per_minute="1")
FINISHED = Sample("Spring greetings", REGULARS, is_compared=True)


def fill_with_campaigns(page: Page) -> None:
    """Through the forms, as staff would."""
    _create_regulars(page)
    _write(page, "Greeting", "Hello {{ profile.firstName | default: 'there' }}, we open at 9 tomorrow.")
    _write(page, "Greeting with a smile", "Hello, we open at 9 tomorrow 🙂")
    for sample in (DRAFT, FINISHED, RUNNING):
        _create(page, sample)
    menu(page, "Campaigns")
    page.get_by_role("link", name=f"Open {FINISHED.name}").click()
    reload_until(page, page.get_by_role("region", name="Progress").get_by_text("Finished", exact=True))


def _create_regulars(page: Page) -> None:
    menu(page, "Audiences")
    page.get_by_role("link", name="Create audience").first.click()
    page.get_by_label("Name").fill(REGULARS)
    page.get_by_label("Kind").select_option("static")
    submit(page, REGULARS)
    page.get_by_label("Numbers or external IDs").fill(", ".join(_REGULARS))
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_text(f"{len(_REGULARS)} profiles", exact=True)).to_be_visible()


def _write(page: Page, name: str, text: str) -> None:
    menu(page, "Message templates")
    page.get_by_role("link", name="Create message template").first.click()
    page.get_by_label("Name*", exact=True).fill(name)
    page.get_by_role("textbox", name="Text, default").click()
    page.keyboard.insert_text(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name=f"Edit {name}", exact=True)).to_be_visible()


def _create(page: Page, sample: Sample) -> None:
    menu(page, "Campaigns")
    page.get_by_role("link", name="Create campaign").first.click()
    page.get_by_label("Name").first.fill(sample.name)
    page.get_by_label("Channel configuration").select_option(label="demo")
    page.get_by_label("Audience").select_option(label=sample.audience)
    page.get_by_label("At most per minute").fill(sample.per_minute)
    page.get_by_role("combobox", name="Message").select_option(label="Greeting v1")
    if sample.is_compared:
        page.get_by_role("link", name="Add another message").click()
        expect(page.get_by_role("textbox", name="Label").last).to_have_value("B")
        page.get_by_role("combobox", name="Message").last.select_option(label="Greeting with a smile v1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Nothing has been sent.")).to_be_visible()
    if sample.is_started:
        page.get_by_role("region", name="Start").get_by_role("button").click()
        expect(page.get_by_role("region", name="Progress")).to_be_visible()
