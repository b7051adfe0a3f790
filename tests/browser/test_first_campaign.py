"""docs/first-campaign.md as a marketer lives it: from two files to results that add up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.customers import (
    EARLY,
    FAILED,
    IN_AUDIENCE,
    LATE,
    NO_OPT_IN,
    NO_VOUCHER,
    OPTED_OUT,
    REACHED,
    UNKNOWN,
    customers,
    number,
    opt_ins,
)
from tests.browser.sample import reply, send, wait_for
from tests.browser.screens import PHONE, complaints, grave_problems, sideways
from tests.browser.staff import Gateway, exactly, menu, reload_until, submit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

UNSETTLED = {"With the provider, no report yet", "Under way"}

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
PREVIEW_AGENT = "WhatsApp/2.24.9 A"


def shop(gateway: Gateway) -> str:
    """Where the link in the message leads: a page that is there."""
    return f"{gateway.simulator_url}faults"


def text(gateway: Gateway) -> str:
    return (
        "{{ profile.firstName | default: 'friend' | capitalize }}, {{ profile.voucher }} takes 10 % off: "
        f"{{{{ '{shop(gateway)}' | track: 'Spring' }}}} Reply STOP to opt out"
    )


def look(page: Page, schemes: tuple[str, ...] = ("light", "dark")) -> None:
    """A screen for everyone in both schemes, that fits a phone too."""
    for scheme in schemes:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert not grave_problems(page, scheme=scheme)
    page.emulate_media(color_scheme="light")
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    assert not sideways(page)
    page.set_viewport_size(size)


def test_a_first_campaign_from_two_files_to_results_that_add_up(
    staff: Page, gateway: Gateway, browser: Browser, tmp_path: Path
) -> None:
    send(gateway, number(LATE))
    wait_for(gateway, number(LATE), "delivered")
    import_people(staff, tmp_path / "customers.csv")
    import_consent(staff, tmp_path / "opt-ins.csv")
    with complaints(staff) as heard:
        create_channel(staff)
        build_audience(staff)
        write_message(staff, gateway)
        create_campaign(staff)
        start(staff)
        stop_before_their_turn(staff, gateway)
        link = stop_on_a_handset(staff, gateway)
        follow(browser, gateway, link)
        finish(staff)
        results_add_up(staff)
        link_tells_people_from_machines(staff)
    assert not heard


def import_people(page: Page, file: Path) -> None:
    file.write_text(customers(), encoding="utf-8")
    menu(page, "Profiles")
    page.get_by_role("link", name=exactly("Import a file")).click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("Name of the attribute First Name")).to_have_value("firstName")
    page.get_by_role("button", name="Try it on every row").click()
    reload_until(page, page.get_by_text("Tried, not imported"))
    page.get_by_role("button", name="Import 1,000 rows").click()
    reload_until(page, page.locator(".sg-badge", has_text="Imported"), seconds=60)


def import_consent(page: Page, file: Path) -> None:
    file.write_text(opt_ins(), encoding="utf-8")
    menu(page, "Consent imports")
    page.get_by_role("link", name=exactly("Import a file")).first.click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Where the list comes from").fill("Ticks in the shop's sign-up form")
    page.get_by_role("button", name="Try it on every row").click()
    reload_until(page, page.get_by_text("Tried, not imported"))
    page.get_by_role("button", name=re.compile(r"^Import \d+ rows")).click()
    reload_until(page, page.get_by_text("Imported", exact=True), seconds=60)


def create_channel(page: Page) -> None:
    menu(page, "Channel configurations")
    page.get_by_role("link", name="Create channel configuration").click()
    page.get_by_label("Name").fill("shop")
    page.get_by_label("API credentials").select_option(label="Demo provider")
    page.get_by_label("Sender number").fill("+15005550006")
    page.get_by_label("Purpose").select_option(label="Marketing")
    submit(page, "shop")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("region", name="Status")).to_contain_text("Active")


def build_audience(page: Page) -> None:
    menu(page, "Audiences")
    page.get_by_role("link", name="Create audience").first.click()
    page.get_by_label("Name").first.fill("Berlin")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("What").select_option("attributes.city")
    page.get_by_label("Value").fill("Berlin")
    expect(page.get_by_role("region", name="Who is found")).to_contain_text(f"{IN_AUDIENCE} profiles")
    submit(page, "Berlin")


def write_message(page: Page, gateway: Gateway) -> None:
    menu(page, "Message templates")
    page.get_by_role("link", name="Create message template").first.click()
    page.get_by_label("Name*", exact=True).fill("Spring voucher")
    page.get_by_role("textbox", name="Text, default").click()
    page.keyboard.insert_text(text(gateway))
    page.get_by_label("If an attribute is missing").select_option("skip")
    for n in (EARLY, 24, 20, 16, 28):
        page.get_by_label("Number or external ID").fill(f"c-{n}")
        page.get_by_role("checkbox", name=re.compile(rf"c-{n}\b")).check()
    shown = page.get_by_role("region", name="Preview").get_by_role("list")
    expect(shown.get_by_role("listitem")).to_have_count(5)
    expect(shown.get_by_text("Ada, SPRING24 takes 10 % off: ")).to_be_visible()
    expect(shown.get_by_text("Friend, SPRING20 takes 10 % off: ")).to_be_visible()
    expect(shown.get_by_text("Left out: profile.voucher has no value.")).to_be_visible()
    expect(page.get_by_role("status", name="Length").get_by_text("GSM-7", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Edit Spring voucher")).to_be_visible()


def create_campaign(page: Page) -> None:
    menu(page, "Campaigns")
    look(page)
    page.get_by_role("link", name="Create campaign").first.click()
    page.get_by_label("Name").first.fill("Spring in Berlin")
    page.get_by_label("Channel configuration").select_option(label="shop")
    page.get_by_label("Audience").select_option(label="Berlin")
    page.get_by_label("At most per minute").fill("300")
    page.get_by_role("combobox", name="Message").select_option(label="Spring voucher v1")
    look(page)
    page.get_by_role("button", name="Save", exact=True).click()


def start(page: Page) -> None:
    expect(page.get_by_text("Nothing has been sent.")).to_be_visible()
    assert counts(page) == {
        "in the audience": IN_AUDIENCE,
        "get a message": REACHED,
        "segments in all": REACHED,
    }
    assert rows(page, "Left out because") == {
        "No opt-in on record for marketing": len(NO_OPT_IN),
        "An attribute that the text needs is missing": len(NO_VOUCHER),
        "Opted out": len(OPTED_OUT),
    }
    expect(page.get_by_role("region", name="What they read").get_by_role("listitem")).to_have_count(5)
    look(page)
    page.get_by_role("button", name=f"Send {REACHED} messages now").click()
    expect(page.get_by_role("region", name="Progress")).to_be_visible()


def counts(page: Page) -> dict[str, int]:
    """The large figures of a page, read at once: the page may renew them at any moment."""
    pairs = page.locator(".cp-counts div").evaluate_all(
        "all => all.map(one => [...one.children].map(part => part.textContent))"
    )
    return {label: _figure(shown) for label, shown in pairs}


def rows(page: Page, heading: str) -> dict[str, int]:
    """The table of two columns under that heading."""
    table = page.get_by_role("table").filter(has=page.get_by_role("columnheader", name=heading))
    cells = table.locator("tbody th, tbody td").all_inner_texts()
    return {label: _figure(count) for label, count in zip(cells[::2], cells[1::2], strict=True)}


def _figure(text: str) -> int:
    return int(text.replace(",", ""))


def stop_before_their_turn(page: Page, gateway: Gateway) -> None:
    """The page moves by itself; somebody who stands at the end opts out."""
    wait_on_page(page, lambda: 0 < counts(page)["accepted"] < REACHED)
    reply(gateway, number(LATE), "STOP")
    before = counts(page)["accepted"]
    wait_on_page(page, lambda: counts(page)["accepted"] > before)
    assert counts(page)["pending"] > 0, (
        "STOP came after the last message: the throttle is too high for this machine"
    )
    look(page, schemes=("light",))


def wait_on_page(page: Page, seen: Callable[[], bool], *, seconds: float = 120) -> None:
    """Wait as somebody who watches, without reloading."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(250)


def stop_on_a_handset(page: Page, gateway: Gateway) -> str:
    """Read the message on a handset and answer STOP; gives the link in it."""
    handset = page.context.new_page()
    handset.goto(f"{gateway.simulator_url}?number={number(EARLY).replace('+', '%2B')}")
    message = handset.get_by_role("log").get_by_text(f"Ada, SPRING{EARLY} takes 10 % off: ")
    found = re.search(r"http\S+", message.inner_text())
    assert found
    handset.get_by_role("button", name="STOP", exact=True).click()
    expect(handset.get_by_role("log").get_by_text("You are unsubscribed")).to_be_visible()
    handset.close()
    return found.group()


def follow(browser: Browser, gateway: Gateway, link: str) -> None:
    """A messenger looks at the link for its preview; then the recipient opens it."""
    looked = requests.get(link, headers={"User-Agent": PREVIEW_AGENT}, allow_redirects=False, timeout=20)
    assert looked.status_code == 302
    phone = browser.new_context(user_agent=IPHONE)
    page = phone.new_page()
    page.goto(link)
    expect(page).to_have_url(shop(gateway))
    phone.close()


def finish(page: Page) -> None:
    """The page says by itself that it is through; reports of the last messages come a little later."""
    whole = page.get_by_role(
        "region", name="Spring in Berlin"
    )  # this part changes when the page has loaded itself anew
    expect(whole.get_by_text("Finished", exact=True)).to_be_visible(timeout=120_000)
    page.wait_for_load_state()
    deadline = time.monotonic() + 60
    while rows(page, "Accepted messages").keys() & UNSETTLED and time.monotonic() < deadline:
        page.reload()


def results_add_up(page: Page) -> None:
    """audience = left out + accepted, accepted = delivered + failed + unknown: read from the page alone."""
    people, left_out, outcomes = counts(page), rows(page, "Left out because"), rows(page, "Accepted messages")
    assert people.keys() == {"in the audience", "accepted", "left out"}
    assert people["in the audience"] == IN_AUDIENCE == people["accepted"] + people["left out"]
    assert people["left out"] == sum(left_out.values())
    assert people["accepted"] == sum(outcomes.values())
    assert left_out == {
        "No opt-in on record for marketing": len(NO_OPT_IN),
        "An attribute that the text needs is missing": len(NO_VOUCHER),
        "Opted out": len(OPTED_OUT) + 1,
    }
    assert outcomes == {"Delivered": REACHED - 1 - FAILED - UNKNOWN, "Failed": FAILED, "Unknown": UNKNOWN}
    results = page.get_by_role("region", name="Results").first.get_by_role("row").last.get_by_role("cell")
    clicked, opted_out = (results.nth(place).inner_text().split()[0] for place in (4, 5))
    assert (clicked, opted_out) == ("1", "1")
    look(page)
    menu(page, "Campaigns")
    expect(page.get_by_role("row", name=re.compile("Spring in Berlin.*Finished"))).to_be_visible()
    look(page)


def link_tells_people_from_machines(page: Page) -> None:
    menu(page, "Tracked links")
    cells = page.get_by_role("row").filter(has_text="Spring").get_by_role("cell").all_inner_texts()
    assert [cell.strip() for cell in cells if cell.strip().isdigit()] == ["1", "1", "1"]
