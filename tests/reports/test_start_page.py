from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from consent import ledger

NUMBER = "+14155550101"


def page(client: Client) -> str:
    response = client.get("/admin/")
    assert response.status_code == 200
    return response.content.decode()


def tile(html: str, label: str) -> str:
    found = re.search(rf'tile-label">{label}</span>\s*<span class="tile-value">([\d,]+)<', html)
    assert found, label
    return found[1]


def test_an_empty_installation_shows_zeroes_and_the_six_steps(staff: Client) -> None:
    html = page(staff)
    assert tile(html, "Delivered") == "0"
    assert "0 of 6 done" in html
    assert html.count("Not done") == 6
    assert 'href="/admin/credentials/apicredential/add/"' in html
    assert "No messages yet." in html


def test_todays_numbers_are_shown(staff: Client, message: Any, webhook: Any) -> None:
    for state in ("delivered", "delivered", "accepted", "failed", "unknown", "suppressed"):
        message(state)
    ledger.record(msisdn=NUMBER, kind="opt_out", source="keyword", keyword="STOP")
    html = page(staff)
    labels = ("Accepted", "Delivered", "Failed", "Unknown", "Suppressed", "Opt-outs", "Inbound")
    assert [tile(html, label) for label in labels] == ["3", "2", "1", "1", "1", "1", "0"]
    assert "67% of accepted" in html
    assert "Setup: all 6 steps are done" in html


def test_every_link_of_the_page_leads_somewhere(staff: Client, message: Any, webhook: Any) -> None:
    message("accepted")
    links = {link for link in re.findall(r'href="(/admin/[^"]*)"', page(staff)) if "logout" not in link}
    assert len(links) > 15
    answers = {link: staff.get(link.replace("&amp;", "&")).status_code for link in links}
    assert {link: status for link, status in answers.items() if status != 200} == {}


def test_the_page_needs_few_queries(staff: Client, message: Any, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        message("delivered")
    page(staff)
    with django_assert_max_num_queries(24):
        page(staff)


def test_the_number_and_the_text_stay_off_the_page(staff: Client, message: Any) -> None:
    message("accepted", text="Your code is 123456")
    html = page(staff)
    assert NUMBER not in html
    assert "123456" not in html


def test_staff_without_permissions_see_no_numbers(client: Client, message: Any) -> None:
    client.force_login(User.objects.create_user("new", is_staff=True))
    html = page(client)
    assert "tile-value" not in html
    assert "Recent messages" not in html
    assert "Ask an administrator for a role" in html


def test_a_viewer_of_messages_sees_those_only(client: Client, message: Any) -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_message"))
    client.force_login(user)
    html = page(client)
    assert tile(html, "Waiting") == "0"
    assert "Opt-outs" not in html
    assert "Set up in six steps" not in html


@pytest.mark.parametrize("simulator", ["", "http://127.0.0.1:9001"])
def test_a_demo_says_so_and_links_the_handset(staff: Client, settings: Any, simulator: str) -> None:
    settings.SMSGATEWAY_SIMULATOR_URL = simulator
    html = page(staff)
    assert ("Simulated handset" in html) is bool(simulator)
    assert (f'href="{simulator}"' in html) is bool(simulator)


@pytest.mark.parametrize(
    ("simulator", "link"),
    [
        ("", '<a href="/admin/consent/consentevent/">'),
        ("http://127.0.0.1:9001", '<a href="http://127.0.0.1:9001" target="_blank" rel="noopener"'),
    ],
)
def test_the_stop_step_leads_to_the_handset_or_to_the_consent_history(
    staff: Client, settings: Any, simulator: str, link: str
) -> None:
    settings.SMSGATEWAY_SIMULATOR_URL = simulator
    before = page(staff).partition("Reply STOP")[0]
    assert link in before[before.rindex("<a ") :]
