"""A message template is written in the browser: picked, checked, counted, previewed, proved, saved, restored."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import complaints, grave_problems, sideways
from tests.browser.staff import Gateway, edit, menu

pytestmark = pytest.mark.browser

STAFF = "+14155550171"


def add_profile(page: Page, number: str, attributes: dict[str, object]) -> None:
    menu(page, "Profiles")
    page.get_by_role("link", name="Add profile").first.click()
    page.locator("[name=msisdn]").fill(number)
    page.locator("[name=external_id]").fill(f"customer {attributes['firstName']}")
    page.locator("[name=attributes]").fill(json.dumps(attributes))
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("was added successfully")).to_be_visible()


def write(page: Page, text: str, language: str = "default") -> None:
    page.get_by_role("textbox", name=f"Text, {language}").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(text)


def test_a_template_from_the_first_word_to_a_restored_version(staff: Page, gateway: Gateway) -> None:
    add_profile(staff, "+14155550172", {"firstName": "Ada", "points": 1250})
    add_profile(staff, "+14155550173", {"firstName": "Bartholomew"})
    menu(staff, "Staff numbers")
    staff.get_by_role("link", name="Add staff number").first.click()
    staff.get_by_label("Name*").fill("Carla")
    staff.get_by_label("Number*").fill(STAFF)
    staff.get_by_role("button", name="Submit").click()
    menu(staff, "Message templates")
    staff.get_by_role("link", name="Create message template").first.click()
    with complaints(staff) as heard:
        check_and_pick(staff)
        preview_and_replace(staff)
        languages_and_proof(staff)
        save_and_restore(staff)
    assert not heard


def check_and_pick(page: Page) -> None:
    counter = page.get_by_role("status", name="Length")
    page.get_by_label("Name*", exact=True).fill("Welcome")
    write(page, "Hi {{profile.firstNam")
    problems = page.get_by_role("list", name="Problems")
    expect(problems.get_by_text("Line 1, column 4")).to_be_visible()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("}} ")
    expect(problems.get_by_text("Did you mean profile.firstName?")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Hi ")
    page.get_by_role("searchbox", name=re.compile("^Search variables")).fill("firstname")
    page.get_by_role("button", name="{{profile.firstName}}").click()
    expect(counter.get_by_text("GSM-7")).to_be_visible()
    expect(problems.get_by_role("listitem")).to_have_count(0)


def preview_and_replace(page: Page) -> None:
    counter = page.get_by_role("status", name="Length")
    write(page, " – {{profile.points}} points… ")
    shown = page.get_by_role("region", name="Preview").get_by_role("list")
    expect(shown.get_by_text("Hi Ada – 1250 points…")).to_be_visible()
    expect(shown.get_by_text("Left out: profile.points has no value.")).to_be_visible()
    expect(counter.get_by_text("UCS-2")).to_be_visible()
    page.get_by_role("button", name="Replace all").click()
    expect(counter.get_by_text("GSM-7")).to_be_visible()
    page.get_by_label("If an attribute is missing").select_option("fallback")
    page.get_by_label("Fallback text").fill("no")
    expect(shown.get_by_text("Hi Bartholomew - no points...")).to_be_visible()
    page.get_by_label("Number or external ID").fill("customer Ada")
    page.get_by_role("checkbox", name=re.compile("customer Ada")).check()
    expect(shown.get_by_role("listitem")).to_have_count(1)
    page.get_by_text("Sample data (CSV, JSON, JSON lines)").click()
    page.get_by_label("Sample data", exact=True).fill("firstName,points\nZoë,3\nYve,4")
    expect(shown.get_by_text("Hi Zoë - 3 points")).to_be_visible()
    spreadsheet = "firstName,points\nJosé,9".encode("cp1252")
    page.get_by_label("Or a file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": spreadsheet}
    )
    expect(shown.get_by_text("Hi José - 9 points")).to_be_visible()
    page.get_by_label("Sample data", exact=True).fill("a,a\n1,2")
    expect(page.get_by_role("alert")).to_contain_text("name each column once")
    page.get_by_label("Sample data", exact=True).fill("")


def languages_and_proof(page: Page) -> None:
    page.get_by_label("Language to add").fill("de")
    page.get_by_role("button", name="Add language").click()
    write(page, "Hallo {{profile.firstName}}", "de")
    shown = page.get_by_role("region", name="Preview").get_by_role("list")
    expect(shown.get_by_text("Hallo Ada", exact=True)).to_be_visible()
    page.get_by_role("tab", name="de", exact=True).press("ArrowLeft")
    expect(page.get_by_role("tab", name="Default")).to_be_focused()
    expect(shown.get_by_text("Hi Ada - 1250 points...")).to_be_visible()
    page.get_by_label("Carla").check()
    page.get_by_role("button", name="Send proof").click()
    proof = page.get_by_role("group", name="Proof to colleagues")
    expect(proof.get_by_role("link", name="Open the message")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert not grave_problems(page, scheme=scheme)
    assert not sideways(page)


def save_and_restore(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("cell", name="default, de")).to_be_visible()
    edit(page, "Welcome")
    write(page, "Bye")
    page.get_by_role("tab", name="de", exact=True).click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete de").click()
    page.get_by_role("button", name="Save", exact=True).click()
    edit(page, "Welcome")
    page.get_by_role("link", name="Versions (2)").click()
    page.get_by_role("region", name="Version 1").get_by_role("button", name="Restore as new version").click()
    expect(page.get_by_text("Version 3 says what version 1 said.")).to_be_visible()
    page.get_by_role("link", name="Back to Welcome").click()
    expect(page.get_by_role("tab", name="de", exact=True)).to_be_visible()


def test_without_its_script_the_page_is_a_plain_form(staff: Page, gateway: Gateway) -> None:
    staff.route("**/payload-editor*.js", lambda route: route.abort())
    staff.goto(f"{gateway.url}admin/campaigns/messagetemplate/add/")
    staff.get_by_label("Name*", exact=True).fill("Plain")
    staff.get_by_label("Default text").fill("Hi {{profile.firstName}")
    staff.get_by_role("button", name="Preview").click()
    expect(staff.get_by_text("Line 1, column 4").first).to_be_visible()
    staff.get_by_label("Default text").fill("Hi {{profile.firstName}}")
    staff.get_by_label("Text in another language").fill("Hallo {{profile.firstName}}")
    staff.get_by_label("Language", exact=True).first.fill("de")
    staff.get_by_text("Sample data (CSV, JSON, JSON lines)").click()
    staff.get_by_label("Sample data", exact=True).fill("firstName\nZoë")
    staff.get_by_role("button", name="Preview").click()
    expect(staff.get_by_text("Hi Zoë", exact=True)).to_be_visible()
    staff.get_by_role("button", name="Save", exact=True).click()
    expect(staff.get_by_role("link", name="Edit Plain")).to_be_visible()
