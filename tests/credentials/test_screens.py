from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from access.models import AuditEntry
from credentials.endpoints import create_endpoint
from credentials.models import ApiCredential
from credentials.pausing import pause
from tests.credentials.conftest import make_credential
from tests.credentials.screens import (
    ADD,
    LIST,
    OAUTH_BODY,
    change_url,
    errors_of,
    header_rows,
    posted,
    staff,
    stored_rows,
)

pytestmark = pytest.mark.django_db


def headers_of(credential: ApiCredential) -> dict[str, str]:
    return {row.name: row.value for row in credential.headers.all()}


def change_data(credential: ApiCredential, *new: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    kept = {"api_token": "", "name": credential.name}
    return {**posted(**kept), **stored_rows(credential, *new), **changes}


def labels_of(page: str) -> list[str]:
    found = re.findall(r"<label[^>]*>(.*?)</label>", page, re.DOTALL)
    texts = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for text in found]
    return [text.rstrip(" *") for text in texts if text]


def test_the_add_screen_has_the_documented_labels_in_their_order(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()
    labels = labels_of(page)
    documented = ["SMS vendor", "Name", "Provider AppId", "Provider Name", "Provider URL", "Auth Type"]
    start = labels.index("SMS vendor")
    assert labels[start : start + 6] == documented
    auth = ["Name", "API Token", "API Secret Key", "Mac Authorization Hash Format", "OAuth URL", "OAuth Body"]
    positions = [labels.index(label, start + 6) for label in [*auth[:2], *auth[2:]]]
    assert positions == sorted(positions)
    assert labels.index("JWT Payload") > labels.index("OAuth Body")
    order = [
        page.index(text)
        for text in ("Auth Type", 'id="headers-heading"', "Add new parameter", 'name="payload"')
    ]
    assert order == sorted(order)
    assert "Submit" in page


def test_creating_a_credential(admin_client: Client) -> None:
    response = admin_client.post(ADD, posted(**header_rows(
        ("Content-Type", "application/json"), ("Charset", "ISO-8859-1"), ("X-Version", "2"),
        ("X-Key", "hush-hush", "secret"),
    )))  # fmt: skip
    assert response.status_code == 302, errors_of(response)
    credential = ApiCredential.objects.get()
    assert credential.api_token == "tok-123456"
    assert headers_of(credential) == {
        "Content-Type": "application/json", "Charset": "ISO-8859-1", "X-Version": "2", "X-Key": "hush-hush",
    }  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        header_rows(),
        header_rows(("", ""), ("", "")),
        header_rows(("X-Mine", "1"), ("X-Other", "2")),
        {**header_rows(("Content-Type", "application/json"), ("Charset", "UTF-8")),
         "headers-0-DELETE": "on", "headers-1-DELETE": "on"},
    ],
)  # fmt: skip
def test_a_forged_add_cannot_do_without_the_fixed_headers(admin_client: Client, rows: dict[str, Any]) -> None:
    data = {name: value for name, value in posted().items() if not name.startswith("headers-")}
    response = admin_client.post(ADD, {**data, **rows})
    assert response.status_code == 302, errors_of(response)
    stored = headers_of(ApiCredential.objects.get())
    assert {"Content-Type": "application/json", "Charset": "UTF-8"}.items() <= stored.items()


def test_a_forged_change_cannot_delete_rename_or_omit_them(admin_client: Client) -> None:
    credential = make_credential({"X-Mine": "1"})
    rows = list(credential.headers.all())
    forged = change_data(credential)
    for index, row in enumerate(rows):
        forged[f"headers-{index}-DELETE"] = "on"
        forged[f"headers-{index}-name"] = f"X-Renamed-{index}"
        if row.name == "Charset":
            forged[f"headers-{index}-secret"] = "on"
    assert admin_client.post(change_url(credential), forged).status_code == 302
    assert headers_of(credential) == {"Content-Type": "application/json", "Charset": "UTF-8"}
    assert not credential.headers.filter(secret=True)
    omitted = {**change_data(credential), **header_rows()}
    assert admin_client.post(change_url(credential), omitted).status_code == 302
    assert headers_of(credential) == {"Content-Type": "application/json", "Charset": "UTF-8"}


def test_a_fixed_header_lost_in_the_database_comes_back(admin_client: Client) -> None:
    credential = make_credential()
    credential.headers.all().delete()
    assert 'value="Charset"' in admin_client.get(change_url(credential)).content.decode()
    admin_client.post(change_url(credential), change_data(credential))
    assert headers_of(credential) == {"Content-Type": "application/json", "Charset": "UTF-8"}


def test_names_of_fixed_headers_are_sent_by_browsers_and_cannot_be_edited_there(admin_client: Client) -> None:
    inputs = re.findall(r"<input[^>]*-name\"[^>]*>", admin_client.get(ADD).content.decode())
    fixed = [tag for tag in inputs if "Content-Type" in tag or "Charset" in tag]
    assert len(fixed) == 2
    assert all("readonly" in tag and "disabled " not in tag for tag in fixed)


def test_fixed_headers_have_no_bin_and_others_have_one(admin_client: Client) -> None:
    credential = make_credential({"X-Mine": "1"})
    page = admin_client.get(change_url(credential)).content.decode()
    page = page[: page.index('<template id="headers-template"')]
    assert page.count("data-delete-row") == 1
    assert re.findall(r'name="headers-(\d)-DELETE"', page) == ["0"]
    assert "Delete header X-Mine" in page
    add = admin_client.get(ADD).content.decode()
    assert "data-delete-row" not in add[: add.index('<template id="headers-template"')]


def test_values_of_fixed_headers_can_be_edited(admin_client: Client) -> None:
    credential = make_credential()
    data = change_data(credential)
    index = next(number for number in range(2) if data[f"headers-{number}-name"] == "Charset")
    data[f"headers-{index}-value"] = "ISO-8859-1"
    admin_client.post(change_url(credential), data)
    assert headers_of(credential)["Charset"] == "ISO-8859-1"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (("X-Evil\r\nX-More", "1"), "headers-2-name"),
        (("X Space", "1"), "headers-2-name"),
        (("Höher", "1"), "headers-2-name"),
        (("Content-Length", "5"), "headers-2-name"),
        (("Connection", "close"), "headers-2-name"),
        (("", "1"), "headers-2-name"),
        (("X-A", "1\r\nX-B: 2"), "headers-2-value"),
        (("X-A", "grün"), "headers-2-value"),
        (("X-A", ""), "headers-2-value"),
        (("content-type", "application/json"), "headers-2-name"),
        (("CHARSET", "UTF-8"), "headers-2-name"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused(
    admin_client: Client, row: tuple[str, str], field: str
) -> None:
    rows = header_rows(("Content-Type", "application/json"), ("Charset", "UTF-8"), row)
    found = errors_of(admin_client.post(ADD, posted(**rows)))
    assert field in found
    assert not ApiCredential.objects.exists()


def test_wrong_values_of_fixed_headers_are_refused(admin_client: Client) -> None:
    rows = header_rows(("Content-Type", "text/xml"), ("Charset", "klingon"))
    found = errors_of(admin_client.post(ADD, posted(**rows)))
    assert "application/json" in found["headers-0-value"][0]
    assert "UTF-8" in found["headers-1-value"][0]


def test_a_secret_header_is_kept_when_left_blank_and_never_shown(admin_client: Client) -> None:
    credential = make_credential()
    admin_client.post(change_url(credential), change_data(credential, ("X-Key", "hush-hush", "secret")))
    page = admin_client.get(change_url(credential)).content.decode()
    assert "hush-hush" not in page
    admin_client.post(change_url(credential), change_data(credential))
    assert headers_of(credential)["X-Key"] == "hush-hush"
    data = change_data(credential)
    index = next(number for number in range(3) if data[f"headers-{number}-name"] == "X-Key")
    data.pop(f"headers-{index}-secret")
    found = errors_of(admin_client.post(change_url(credential), data))
    assert "again" in found[f"headers-{index}-value"][0]
    assert "hush-hush" not in admin_client.post(change_url(credential), data).content.decode()


def test_without_a_script_a_form_vendor_gets_its_content_type(admin_client: Client) -> None:
    response = admin_client.post(ADD, posted(vendor="twilio", preset="", provider_url="", provider_name=""))
    assert response.status_code == 302, errors_of(response)
    credential = ApiCredential.objects.get()
    assert headers_of(credential)["Content-Type"] == "application/x-www-form-urlencoded"
    assert credential.key_location == "basic"


def test_changing_keeps_secrets_that_are_left_blank(admin_client: Client) -> None:
    credential = make_credential()
    response = admin_client.post(change_url(credential), change_data(credential, provider_name="New"))
    assert response.status_code == 302, errors_of(response)
    credential.refresh_from_db()
    assert (credential.provider_name, credential.api_token) == ("New", "tok-123456")


def test_no_page_shows_a_secret(admin_client: Client) -> None:
    credential = make_credential(
        auth_type="oauth",
        oauth_body=OAUTH_BODY,
        oauth_url="https://p.example.com/t",
        api_secret_key="left-over",
    )
    pages = [
        LIST,
        change_url(credential),
        f"{LIST}{credential.pk}/history/",
        f"{LIST}{credential.pk}/delete/",
    ]
    for url in pages:
        page = admin_client.get(url, follow=True).content.decode()
        for secret in ("tok-123456", "sssh-client", "left-over"):
            assert secret not in page
    failed = admin_client.post(
        change_url(credential),
        change_data(credential, auth_type="jwt", api_token="typed-secret-token", jwt_payload="{"),
    )
    assert "typed-secret-token" not in failed.content.decode()


def test_the_audit_trail_has_no_secret(admin_client: Client) -> None:
    admin_client.post(ADD, posted(**header_rows(("X-Key", "hush-hush", "secret"))))
    credential = ApiCredential.objects.get()
    admin_client.post(change_url(credential), change_data(credential, api_token="second-token-1"))
    trail = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert AuditEntry.objects.count() == 2
    for secret in ("tok-123456", "second-token-1", "hush-hush"):
        assert secret not in trail


def test_the_list_shows_searches_and_filters(admin_client: Client) -> None:
    make_credential(name="Alpha", provider_name="Acme")
    paused = make_credential(name="Beta", auth_type="mac")
    pause(credential_id=paused.pk, reason="Key refused")
    page = admin_client.get(LIST).content.decode()
    for text in (
        "Alpha",
        "Acme",
        "MAC",
        "Paused",
        "Active",
        "Create new API credentials",
        "Edit Alpha",
        "Delete Beta",
    ):
        assert text in page
    assert "Beta" not in admin_client.get(LIST, {"q": "acme"}).content.decode()
    assert "Edit Alpha" not in admin_client.get(LIST, {"auth_type__exact": "mac"}).content.decode()
    assert "Edit Alpha" not in admin_client.get(LIST, {"paused_at__isempty": "0"}).content.decode()


def test_the_list_takes_the_same_queries_however_long_it_is(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_credential()
    with django_assert_max_num_queries(9):
        admin_client.get(LIST)


def test_an_unused_credential_is_deleted_with_its_headers(admin_client: Client) -> None:
    credential = make_credential()
    assert admin_client.post(f"{LIST}{credential.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ApiCredential.objects.exists()


def test_a_paused_credential_says_why_and_can_be_resumed(admin_client: Client) -> None:
    credential = make_credential()
    pause(credential_id=credential.pk, reason="The provider refused the key")
    page = admin_client.get(change_url(credential)).content.decode()
    assert "The provider refused the key" in page
    resume = f"{LIST}{credential.pk}/resume/"
    assert resume in page
    assert admin_client.get(resume).status_code == 405
    assert admin_client.post(resume).status_code == 302
    credential.refresh_from_db()
    assert credential.paused_at is None
    assert AuditEntry.objects.filter(action="resume").count() == 1


def test_view_only_staff_see_the_chosen_types_fields_and_no_secret() -> None:
    credential = make_credential(
        {"X-Shown": "visible-value"}, auth_type="mac", api_secret_key="mac-secret-key"
    )
    credential.headers.create(name="X-Key", value="hush-hush", secret=True)
    client = staff("view_apicredential", "view_requestheader")
    page = client.get(change_url(credential)).content.decode()
    for secret in ("tok-123456", "mac-secret-key", "hush-hush"):
        assert secret not in page
    for text in (
        "API Secret Key",
        "Mac Authorization Hash Format",
        "visible-value",
        "X-Key",
        credential.provider_url,
    ):
        assert text in page
    for text in ("OAuth URL", "JWT Payload", "Add new parameter", 'name="api_token"', "Send test SMS"):
        assert text not in page
    assert client.post(change_url(credential), change_data(credential)).status_code == 403
    assert client.post(f"{LIST}{credential.pk}/resume/").status_code == 403
    assert client.get(ADD).status_code == 403


def test_staff_without_permission_see_nothing() -> None:
    client = staff()
    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}payload-check/", "{}", content_type="application/json").status_code == 403


def test_strangers_are_sent_to_the_login_page(client: Client) -> None:
    for url in (LIST, ADD, f"{LIST}payload-check/"):
        assert client.post(url).status_code == 302
    assert not User.objects.exists()


def test_deleting_a_credential_in_use_is_refused_and_says_by_what(admin_client: Client) -> None:
    credential = make_credential()
    channels = apps.get_model("messaging", "ChannelConfiguration")
    channels.objects.create(name="shop-alerts", credential=credential, sender="+15005550006")
    webhooks = apps.get_model("webhooks", "Webhook")
    webhooks.objects.create(
        name="Shop callbacks", vendor="custom", endpoint=create_endpoint(credential=credential)
    )
    page = admin_client.get(f"{LIST}{credential.pk}/delete/").content.decode()
    assert "shop-alerts" in page
    assert "Shop callbacks" in page
    admin_client.post(f"{LIST}{credential.pk}/delete/", {"post": "yes"})
    selected = {"action": "delete_selected", "_selected_action": [str(credential.pk)], "post": "yes"}
    admin_client.post(LIST, selected)
    assert ApiCredential.objects.filter(pk=credential.pk).exists()
    change = admin_client.get(change_url(credential)).content.decode()
    assert "shop-alerts" in change
    assert "Shop callbacks" in change


def test_an_endpoint_without_a_webhook_goes_with_its_credential(admin_client: Client) -> None:
    credential = make_credential()
    create_endpoint(credential=credential)
    admin_client.post(f"{LIST}{credential.pk}/delete/", {"post": "yes"})
    assert not ApiCredential.objects.exists()


def test_after_a_refused_save_typed_secrets_are_gone_and_the_page_says_so(admin_client: Client) -> None:
    broken = posted(payload="{", **header_rows(("X-Key", "hush-hush", "secret")))
    page = admin_client.post(ADD, broken).content.decode()
    assert "Type again" in page
    assert "API Token, header X-Key" in page
    assert "Stored. Leave blank to keep it." not in page
    assert "hush-hush" not in page
    assert "tok-123456" not in page
    credential = make_credential()
    again = admin_client.post(change_url(credential), change_data(credential, payload="{")).content.decode()
    assert "Type again" not in again
    assert again.count("Stored. Leave blank to keep it.") == 1
