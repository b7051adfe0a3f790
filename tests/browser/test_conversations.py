from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sample import DELIVERED, reply, send, wait_for
from tests.browser.staff import Gateway, menu

pytestmark = pytest.mark.browser


def test_a_question_is_read_answered_and_goes_on_by_itself(gateway: Gateway, staff: Page) -> None:
    send(gateway, DELIVERED)
    wait_for(gateway, DELIVERED, "delivered")
    reply(gateway, DELIVERED, "Can we come at eight?")
    menu(staff, "Conversations")
    row = staff.get_by_role("listitem").filter(has_text="Can we come at eight?")
    expect(row.get_by_text("Unread")).to_be_visible()
    row.get_by_role("link").click()
    staff.get_by_label("Answer").fill("Of course.")
    expect(staff.get_by_role("status")).to_have_text("10 characters, 1 SMS, GSM-7")
    staff.get_by_label("Answer").press("Control+Enter")
    log = staff.get_by_role("log")
    expect(log.get_by_role("listitem").filter(has_text="Of course.")).to_contain_text("Delivered")
    reply(gateway, DELIVERED, "Thanks!")  # the page is open: nobody reloads it
    expect(log.get_by_text("Thanks!")).to_be_visible()
    expect(log.get_by_text("Of course.")).to_have_count(1)
    staff.get_by_role("link", name="All conversations").click()
    expect(staff.get_by_role("listitem").filter(has_text="Thanks!").get_by_text("Unread")).to_have_count(0)
    reply(gateway, DELIVERED, "STOP")
    staff.get_by_role("link", name=DELIVERED).first.click()
    expect(staff.get_by_text("No answer can be sent.")).to_be_visible()
