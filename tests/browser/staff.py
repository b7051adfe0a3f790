"""What a member of staff does in the browser: log in, walk the menu, submit."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from tests.operations.processes import Up

CHOSEN_PASSWORD = "seven blue lamps by the river"


@dataclass
class Gateway:
    """A running gateway with its simulator, what it printed, and what became of its first password."""

    process: Up
    has_own_password: bool = False
    messages: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.port}/"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.process.simulator_port}/"

    def printed(self, before: str) -> str:
        """The word that follows `before` in what the start printed."""
        found = re.search(re.escape(before) + r"\s*(\S+)", self.process.printed)
        assert found, f"{before!r} is not in what was printed"
        return found.group(1)


def log_in(page: Page, gateway: Gateway) -> None:
    """From the first page to the start page; the first time with the one-time password and a new one."""
    page.goto(gateway.url)
    one_time = gateway.printed("one-time password:")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(CHOSEN_PASSWORD if gateway.has_own_password else one_time)
    page.get_by_role("button", name="Log in").click()
    if not gateway.has_own_password:
        expect(page.get_by_role("heading", name="Password change")).to_be_visible()
        page.get_by_label("Old password").fill(one_time)
        page.get_by_role("textbox", name=re.compile(r"^New password\W*$")).fill(CHOSEN_PASSWORD)
        page.get_by_label("New password confirmation").fill(CHOSEN_PASSWORD)
        page.get_by_role("button", name="Change password").click()
        gateway.has_own_password = True
        expect(page).to_have_url(re.compile("password_change/done"))
        menu(page, "Start page")
    expect(page.get_by_role("heading", name="Start page")).to_be_visible()


def exactly(words: str) -> re.Pattern[str]:
    """An accessible name that is these words, letter for letter, save for an icon's name before them."""
    return re.compile(rf"^(\w+ )?{re.escape(words)}$")


def menu(page: Page, name: str) -> None:
    """Click a line of the menu and arrive."""
    page.get_by_role("navigation").get_by_role("link", name=exactly(name)).first.click()
    if name != "Start page":
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def submit(page: Page, name: str) -> None:
    """Click "Submit"; then it is in its list, or open under its own name."""
    page.get_by_role("button", name="Submit").click()
    in_list = page.get_by_role("link", name=f"Edit {name}", exact=True)
    opened = page.get_by_role("heading", level=1, name=name, exact=True)
    expect(in_list.or_(opened)).to_be_visible()


def edit(page: Page, name: str) -> None:
    """Click "Edit" in the row of this name, unless it is open already."""
    opened = page.get_by_role("heading", level=1, name=name, exact=True)
    if opened.count() == 0:
        page.get_by_role("link", name=f"Edit {name}", exact=True).click()
    expect(opened).to_be_visible()


def reload_until(page: Page, shown: Locator, *, seconds: float = 15) -> None:
    """Reload the page, as staff would, until `shown` is there."""
    deadline = time.monotonic() + seconds
    while shown.count() == 0 and time.monotonic() < deadline:
        page.reload()
    expect(shown.first).to_be_visible(timeout=1)
