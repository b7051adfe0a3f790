from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import PHONE, grave_problems, sideways
from tests.browser.staff import Gateway, exactly, menu, reload_until

pytestmark = pytest.mark.browser

ADA = "+14155550161"
CSV = """contact_id,sender_id,status,date_of_consent
+14155550162,,opt-out,2026-01-06
+14155550162,,opt-in,2026-01-07
nobody,,opt-out,
"""


def look(page: Page) -> None:
    """A screen for everyone, that fits a phone too."""
    assert not grave_problems(page, scheme="light")
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    assert not sideways(page)
    page.set_viewport_size(size)


def find(page: Page, number: str) -> None:
    menu(page, "Numbers")
    page.get_by_role("textbox", name="Number").fill(number)
    page.get_by_role("button", name="Find").click()


def test_staff_opt_somebody_out_by_hand_and_print_the_evidence(staff: Page, tmp_path: Path) -> None:
    find(staff, "(415) 555-0161")
    expect(staff.get_by_role("heading", name=f"Nothing on record for {ADA}")).to_be_visible()
    look(staff)
    staff.get_by_role("button", name="Record an opt-out or opt-in").click()
    look(staff)
    staff.get_by_label("Reason").fill("Called the hotline")
    staff.get_by_role("button", name="See what it does").click()
    expect(staff.get_by_text("No message to this number is waiting.")).to_be_visible()
    look(staff)
    staff.get_by_role("button", name="Opt out").click()
    expect(staff.get_by_text("The opt-out is recorded.")).to_be_visible()
    expect(staff.get_by_text("Opted out of everything")).to_be_visible()
    assert "4155550161" not in staff.url
    look(staff)
    with staff.context.expect_page() as opened:
        staff.get_by_role("button", name="Evidence pack").click()
    pack = opened.value
    expect(pack.get_by_role("heading", name="Record of consent")).to_be_visible()
    expect(pack.get_by_text("Called the hotline")).to_be_visible()
    assert not grave_problems(pack, scheme="light")
    assert "4155550161" not in pack.url
    printed = pack.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    pack.emulate_media(media="print")
    expect(pack.get_by_role("button", name="Print")).to_be_hidden()
    with staff.expect_download() as download:
        staff.get_by_role("button", name="Evidence as JSON").click()
    assert "sealed_for" in download.value.path().read_text(encoding="utf-8")


def test_staff_try_a_file_and_import_it(staff: Page, gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "opt-outs.csv"
    file.write_text(CSV, encoding="utf-8")
    menu(staff, "Consent imports")
    staff.get_by_role("link", name=exactly("Import a file")).first.click()
    look(staff)
    staff.get_by_label("CSV file").set_input_files(file)
    staff.get_by_role("button", name="Upload").click()
    expect(staff.get_by_label("Number", exact=True)).to_have_value("0")
    look(staff)
    staff.get_by_label("Where the list comes from").fill("Opt-outs of our account")
    staff.get_by_role("button", name="Try it on every row").click()
    reload_until(staff, staff.get_by_text("Tried, not imported"))
    expect(staff.get_by_text("never turns that round")).to_be_visible()
    expect(staff.get_by_text("not a phone number")).to_be_visible()
    look(staff)
    with staff.expect_download() as download:
        staff.get_by_role("link", name="Report of every row").click()
    assert "would be opted out" in download.value.path().read_text(encoding="utf-8")
    staff.get_by_role("button", name=re.compile("Import 1 row")).click()
    reload_until(staff, staff.get_by_text("Imported", exact=True))
    look(staff)
    find(staff, "+14155550162")
    expect(staff.get_by_text("Import, admin: Opt-outs of our account")).to_be_visible()
