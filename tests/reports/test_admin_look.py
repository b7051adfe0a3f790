from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from core.admin_links import delete_link, edit_link
from reports.templatetags.screens import spoken
from smsgateway.admin_theme import MENU, TOOLS

CREDENTIALS = "/admin/credentials/apicredential/"


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&gt;", ">")


def crumbs(html: str) -> list[str]:
    found = re.search(r'<nav class="crumbs".*?</nav>', html, re.DOTALL)
    return [words(item).strip() for item in re.findall(r"<li.*?</li>", found[0], re.DOTALL)] if found else []


def test_every_menu_line_has_a_screen() -> None:
    for _, items in (*MENU, ("", TOOLS)):
        for item in items:
            assert reverse(item.url_name)


def test_every_menu_permission_exists(db: None) -> None:
    wanted = {item.permission for _, items in MENU for item in items if item.permission}
    known = {
        f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")
    }
    assert wanted <= known


def test_menu_has_the_documented_path_and_items(staff: Client) -> None:
    html = words(staff.get("/admin/").content.decode())
    assert "Administration > Channels > SMS settings" in html
    assert html.index("API Credentials") < html.index("SMS Webhooks") < html.index("Channel configurations")


def test_menu_shows_only_what_the_user_may_see(client: Client, db: None) -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    client.force_login(user)
    html = client.get("/admin/").content.decode()
    assert "SMS Webhooks" in html
    assert CREDENTIALS not in html
    assert "Audit trail" not in html


SECTION = ["Administration", "Channels", "SMS settings", "API Credentials"]


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("", []),
        ("add/", ["Create new API credentials"]),
        ("{pk}/change/", ["Acme"]),
        ("{pk}/delete/", ["Acme", "Delete"]),
    ],
)
def test_crumbs_follow_the_documented_path(
    staff: Client, credential: Any, path: str, last: list[str]
) -> None:
    html = staff.get(CREDENTIALS + path.format(pk=credential.pk)).content.decode()
    assert crumbs(html) == [*SECTION, *last]


def test_save_button_reads_submit(staff: Client, credential: Any) -> None:
    html = staff.get(f"{CREDENTIALS}add/").content.decode()
    buttons = [
        words(button).strip() for button in re.findall(r"<button[^>]*type=\"submit\".*?</button>", html, re.S)
    ]
    assert "Submit" in buttons
    assert not {"Save", "Save and add another"} & set(buttons)


def test_add_button_says_what_it_creates(staff: Client, credential: Any) -> None:
    html = staff.get(CREDENTIALS).content.decode()
    assert html.count("Create new API credentials") == 1


def test_an_empty_list_offers_the_button_once(staff: Client) -> None:
    html = staff.get(CREDENTIALS).content.decode()
    assert 'class="empty-list"' in html
    assert html.count("Create new API credentials") == 1


def test_a_search_without_result_offers_the_way_back(staff: Client, credential: Any) -> None:
    html = staff.get(f"{CREDENTIALS}?q=nothing-like-this").content.decode()
    assert "Nothing matches this search" in html
    assert "Show all" in html


def test_rows_link_to_edit_and_delete(credential: Any) -> None:
    credential.name = '<b>"'
    assert 'aria-label="Edit &lt;b&gt;&quot;"' in edit_link(credential)
    assert f'href="{CREDENTIALS}{credential.pk}/change/"' in edit_link(credential)
    assert 'aria-label="Delete &lt;b&gt;&quot;"' in delete_link(credential)
    assert f'href="{CREDENTIALS}{credential.pk}/delete/"' in delete_link(credential)


def test_viewers_get_no_bin(client: Client, credential: Any) -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_apicredential"))
    client.force_login(user)
    html = client.get(CREDENTIALS).content.decode()
    assert "View Acme" in html
    assert "Delete Acme" not in html


def test_pages_have_no_inline_scripts(staff: Client, credential: Any) -> None:
    for path in ("/admin/", CREDENTIALS, f"{CREDENTIALS}add/", f"{CREDENTIALS}{credential.pk}/change/"):
        html = staff.get(path).content.decode()
        assert re.findall(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", html) == []
        assert re.findall(r"<[^>]+\son(?:click|load|change|submit)=", html) == []
        assert re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)[^"]*\.(?:js|css|woff2?)"', html) == []


@pytest.mark.parametrize("template", ["403.html", "404.html", "500.html"])
def test_error_pages_need_nothing_to_render(template: str) -> None:
    html = render_to_string(template)
    assert html.count("<h1>") == 1
    assert 'href="/admin/"' in html


def test_an_unknown_address_gets_the_friendly_page(client: Client, db: None) -> None:
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


@pytest.mark.parametrize(
    ("context", "classes"),
    [
        ({"text": "Active", "type": "success"}, "sg-badge good"),
        ({"text": "Out", "variant": "danger"}, "sg-badge bad"),
        ({"text": "Plain"}, "sg-badge"),
    ],
)
def test_labels_are_pills_with_words_as_written(context: dict[str, str], classes: str) -> None:
    html = render_to_string("unfold/helpers/label.html", context)
    assert f'class="{classes}"' in html
    assert words(html).strip() == context["text"]


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<span class="block material-symbols-outlined">', 'aria-hidden="true" class="block'),
        ('<div id="main" class="x">', 'role="main" class="x"'),
        ('<nav id="nav-sidebar-inner">', 'aria-label="Menu"'),
        ("<a x-on:click='showActions = !showActions'>", 'aria-label="More"'),
        ('<td data-label="state now">', 'data-label="State now"'),
    ],
)
def test_unfolds_markup_gets_what_screen_readers_need(html: str, wanted: str) -> None:
    assert wanted in spoken(html)


def test_an_icon_already_hidden_is_left_alone() -> None:
    icon = '<span class="material-symbols-outlined" aria-hidden="true">add</span>'
    assert spoken(icon) == icon


def test_the_parts_of_a_page_are_named(staff: Client, credential: Any) -> None:
    html = staff.get(CREDENTIALS).content.decode()
    assert 'role="main"' in html
    assert '<nav id="nav-sidebar-inner" aria-label="Menu"' in html
    assert 'id="searchbar-submit" aria-label="Search"' in html


@pytest.mark.parametrize(("query", "count"), [("", "1 in all"), ("?q=Acme", "1 found")])
def test_the_foot_of_a_list_counts_and_names_the_time_zone(
    staff: Client, credential: Any, query: str, count: str
) -> None:
    html = words(staff.get(CREDENTIALS + query).content.decode())
    assert count in html
    assert "Times are UTC" in html


def test_the_handset_opens_beside_the_admin(staff: Client, settings: Any) -> None:
    settings.SMSGATEWAY_SIMULATOR_URL = "http://127.0.0.1:9001"
    html = staff.get(CREDENTIALS).content.decode()
    found = re.search(r'<a href="http://127.0.0.1:9001"[^>]*>', html)
    assert found
    assert 'target="_blank" rel="noopener"' in found[0]
    assert html.count('target="_blank"') == 1


def test_the_api_documentation_names_its_language_and_has_no_inline_parts(client: Client) -> None:
    html = client.get("/api/docs/").content.decode()
    assert '<html lang="en">' in html
    assert "<style" not in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("password", "state"), [("blue-lamps-7", "A password is set."), (None, "No password is set.")]
)
def test_the_user_page_shows_nothing_of_the_hash(staff: Client, password: str | None, state: str) -> None:
    user = User.objects.create_user("someone", password=password)
    html = staff.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    assert state in html
    assert 'href="../password/"' in html
    assert "pbkdf2" not in html
    assert "algorithm" not in html
