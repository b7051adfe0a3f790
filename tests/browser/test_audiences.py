from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.staff import Gateway, menu, submit

pytestmark = pytest.mark.browser
NUMBERS = [f"+1415555{n:04}" for n in range(1, 6)]


@pytest.fixture(scope="module", autouse=True)
def people(gateway: Gateway, browser: Browser, session: StorageState) -> None:
    """Five people on a list, of whom two have a city."""
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(gateway.url)
    menu(page, "Audiences")
    page.get_by_role("link", name="Create audience").first.click()
    page.get_by_label("Name").fill("Everybody")
    page.get_by_label("Kind").select_option("static")
    expect(page.get_by_role("button", name="Add condition")).to_be_hidden()
    submit(page, "Everybody")
    page.get_by_label("Numbers or external IDs").fill("\n".join(NUMBERS))
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_text("5 people added.")).to_be_visible()
    for place in (0, 1):
        page.goto(f"{gateway.url}admin/profiles/profile/?q={NUMBERS[place][1:]}")
        page.get_by_role("link", name=re.compile("^Edit ")).click()
        page.get_by_label("Attributes").fill(
            '{"city": "London", "vip": true}' if place else '{"city": "Paris"}'
        )
        submit(page, f"+1415•••{place + 1:04}")
    context.close()


def test_a_filter_is_built_by_keyboard_alone_and_counts_while_it_is_written(staff: Page) -> None:
    menu(staff, "Audiences")
    staff.get_by_role("link", name="Create audience").first.click()
    found = staff.get_by_role("region", name="Who is found")
    expect(found).to_contain_text("5 profiles")
    staff.get_by_role("button", name="Add condition").focus()
    staff.keyboard.press("Enter")
    expect(staff.get_by_label("What")).to_be_focused()
    staff.get_by_label("What").select_option("attributes.city")
    expect(staff.get_by_label("What")).to_be_focused()
    staff.keyboard.press("Tab")
    staff.keyboard.press("Tab")
    staff.keyboard.type("London")
    expect(found).to_contain_text("1 profile")
    expect(found).to_contain_text("City is “London”")
    expect(found).to_contain_text("+1415•••0002")
    staff.get_by_role("button", name="Add group").click()
    staff.get_by_label("How many have to hold").last.select_option("none")
    staff.get_by_label("What").last.select_option("country")
    staff.get_by_label("Value").last.fill("UK")
    expect(staff.get_by_text("“UK” is no country code.")).to_be_visible()
    staff.get_by_label("Value").last.fill("GB")
    expect(found).to_contain_text("not (country is “GB”)")
    staff.get_by_label("Name").first.fill("London")
    submit(staff, "London")
    expect(staff.get_by_role("row", name=re.compile("City is “London” and not"))).to_be_visible()


def test_what_is_stored_comes_back_as_conditions_and_can_be_removed(staff: Page) -> None:
    menu(staff, "Audiences")
    staff.get_by_role("link", name="Edit London").click()
    expect(staff.get_by_label("Value").first).to_have_value("London")
    expect(staff.get_by_label("How many have to hold").last).to_have_value("none")
    staff.get_by_role("button", name="Remove the group").click()
    expect(staff.get_by_role("button", name="Remove the group")).to_have_count(0)
    staff.get_by_text("As JSON", exact=True).click()
    source = staff.get_by_role("textbox", name="Who is in it")
    expect(source).to_have_value(re.compile("London"))
    source.fill('{"any": [{"field": "attributes.vip", "op": "is_true"}]}')
    expect(staff.get_by_label("How many have to hold")).to_have_value("any")
    expect(staff.get_by_role("region", name="Who is found")).to_contain_text("Vip is yes")
    source.fill('{"any": ')
    expect(staff.get_by_text("cannot be shown as conditions")).to_be_visible()


def test_where_the_builder_cannot_be_loaded_the_json_is_written_by_hand(
    gateway: Gateway, browser: Browser, session: StorageState
) -> None:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.route("**/campaigns/audience*.js", lambda route: route.abort())
    page.goto(f"{gateway.url}admin/campaigns/audience/add/")
    page.get_by_label("Name").first.fill("By hand")
    page.locator("[name=filter]").fill(
        '{"all": [{"field": "attributes.city", "op": "is", "value": "Paris"}]}'
    )
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("City is “Paris”")).to_be_visible()
    context.close()


def test_members_are_counted_and_taken_off_after_a_question(staff: Page) -> None:
    menu(staff, "Audiences")
    staff.get_by_role("link", name="Members of Everybody").click()
    expect(staff.get_by_text("5 profiles", exact=True)).to_be_visible()
    expect(staff.get_by_role("listitem").filter(has_text="Nothing on record")).to_contain_text("5")
    staff.get_by_role("checkbox", name="Choose +1415•••0005").check()
    staff.once("dialog", lambda dialog: dialog.dismiss())
    staff.get_by_role("button", name="Take off the list").click()
    expect(staff.get_by_role("row")).to_have_count(6)
    staff.once("dialog", lambda dialog: dialog.accept())
    staff.get_by_role("button", name="Take off the list").click()
    expect(staff.get_by_text("1 person taken off the list.")).to_be_visible()
    expect(staff.get_by_role("row")).to_have_count(5)


def test_a_value_nobody_has_been_at_is_no_fault_yet(staff: Page) -> None:
    menu(staff, "Audiences")
    staff.get_by_role("link", name="Create audience").first.click()
    staff.get_by_role("button", name="Add condition").click()
    found = staff.get_by_role("region", name="Who is found")
    expect(found).to_contain_text("Counted as soon as the conditions are complete.")
    fault = staff.get_by_text("The value is missing.")
    expect(fault).to_be_hidden()
    staff.get_by_label("Value").focus()
    staff.keyboard.press("Tab")
    expect(fault).to_be_visible()
