from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import PHONE, grave_problems, sideways
from tests.browser.staff import exactly, menu, reload_until

pytestmark = pytest.mark.browser

CSV = "Customer ID;Phone;Mobile;First Name;address.city;Points\n" + "".join(
    f"c-{n};+1415{5_550_000 + n};{f'+1212{5_550_000 + n}' if n == 3 else ''};Ada {n};London;{n}\n"
    for n in range(1000)
)


def look(page: Page) -> None:
    """A screen for everyone in both schemes, that fits a phone too."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not grave_problems(page, scheme=scheme)
    page.emulate_media(color_scheme="light")
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    assert not sideways(page)
    page.set_viewport_size(size)


def test_an_operator_imports_a_thousand_people_and_makes_another_number_the_preferred_one(
    staff: Page, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(CSV + "c-x;12;;Eve;=1+1;x\n", encoding="cp1252")
    menu(staff, "Profiles")
    look(staff)
    staff.get_by_role("link", name=exactly("Import a file")).click()
    look(staff)
    staff.get_by_label("CSV file").set_input_files(file)
    staff.get_by_role("button", name="Upload").click()
    expect(staff.get_by_label("What First Name is")).to_have_value("attribute")
    expect(staff.get_by_label("Name of the attribute First Name")).to_have_value("firstName")
    expect(staff.get_by_label("Name of the attribute Phone")).to_be_hidden()
    look(staff)
    staff.get_by_label("Name of the attribute Points").fill("first name")
    staff.get_by_role("button", name="Try it on every row").click()
    expect(staff.get_by_text("Use letters, digits and _")).to_be_visible()
    staff.get_by_label("What Points is").select_option("Ignore it")
    expect(staff.get_by_label("Name of the attribute Points")).to_be_hidden()
    staff.get_by_role("button", name="Try it on every row").click()
    reload_until(staff, staff.get_by_text("Tried, not imported"))
    expect(staff.get_by_text("The column Phone: The number is too short")).to_be_visible()
    look(staff)
    with staff.expect_download() as download:
        staff.get_by_role("link", name="Refused rows").click()
    assert "1002,would be refused" in download.value.path().read_text(encoding="utf-8")
    staff.get_by_role("button", name="Import 1,000 rows").click()
    reload_until(staff, staff.locator(".sg-badge", has_text="Imported"))
    look(staff)
    staff.get_by_role("link", name=exactly("Profiles")).last.click()
    staff.get_by_role("textbox", name="number in any form").fill("212 555 0003")
    staff.keyboard.press("Enter")
    staff.get_by_role("link", name="Edit").first.click()
    expect(staff.get_by_text("{{profile.address.city}}")).to_be_visible()
    look(staff)
    staff.get_by_role("button", name="Make +12125550003 the preferred number").click()
    expect(staff.get_by_text("+12125550003 is the preferred number now.")).to_be_visible()
    expect(staff.get_by_label("Other numbers")).to_have_value("+14155550003")
