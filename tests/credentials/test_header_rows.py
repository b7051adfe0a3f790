from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from credentials.models import ApiCredential
from tests.credentials.conftest import make_credential
from tests.credentials.screens import (
    ADD,
    change_data,
    change_url,
    errors_of,
    header_rows,
    headers_of,
    posted,
)

pytestmark = pytest.mark.django_db


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
    page = page[page.index('id="headers-rows"') : page.index('<template id="headers-template"')]
    assert page.count("data-delete-row") == 1
    assert re.findall(r'name="headers-(\d)-DELETE"', page) == ["0"]
    assert "Delete header X-Mine" in page
    add = admin_client.get(ADD).content.decode()
    assert (
        "data-delete-row"
        not in add[add.index('id="headers-rows"') : add.index('<template id="headers-template"')]
    )


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
    rows = header_rows(("Content-Type", "JSON please"), ("Charset", "klingon"))
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


def test_without_a_script_a_form_vendor_asks_for_its_account_and_gets_its_content_type(
    admin_client: Client,
) -> None:
    offered = posted(vendor="twilio", preset="custom", provider_url="", provider_name="")
    refused = admin_client.post(ADD, offered)
    assert errors_of(refused)["variables-0-value"] == ["Account SID is needed."]
    page = refused.content.decode()
    assert ">Account SID</label>" in page
    asked = {
        "variables-TOTAL_FORMS": 2, "variables-INITIAL_FORMS": 0,
        "variables-0-name": "account_sid", "variables-0-value": "AC0123",
        "variables-1-name": "auth_token", "variables-1-value": "hush-hush",
    }  # fmt: skip
    response = admin_client.post(ADD, {**offered, **asked})
    assert response.status_code == 302, errors_of(response)
    credential = ApiCredential.objects.get()
    assert headers_of(credential)["Content-Type"] == "application/x-www-form-urlencoded"
    assert (credential.auth_type, credential.auth_username) == ("basic", "{{account_sid}}")
    stored = {row.name: (row.value, row.secret, row.required) for row in credential.variables.all()}
    assert stored["auth_token"] == ("hush-hush", True, True)
    assert "hush-hush" not in admin_client.get(change_url(credential)).content.decode()
    fields = [row.name for row in credential.request_fields.all()]
    assert fields == ["To", "MessagingServiceSid", "From", "Body", "StatusCallback", "ShortenUrls"]
