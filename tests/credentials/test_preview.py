from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from credentials.preview import check_payload
from credentials.vendors import CUSTOM

FIELDS = {"provider_url": "https://p.example.com/{{providerAppId}}", "provider_app_id": "app 7"}


def test_a_good_payload_has_no_problems_and_shows_the_request() -> None:
    result = check_payload(CUSTOM.payload, FIELDS)
    assert result["problems"] == []
    head, _, body = result["preview"].partition("\n\n")
    assert head.splitlines()[0] == "POST https://p.example.com/app%207"
    assert "Content-Type: application/json; charset=UTF-8" in head
    assert json.loads(body)["to"] == "+14155550123"


def test_problems_have_a_place() -> None:
    result = check_payload('{"to": "{{toNumber}}",\n  "x": {{message}', FIELDS)
    (problem,) = result["problems"]
    assert (problem["line"], problem["column"], problem["level"]) == (2, 8, "error")
    assert problem["hint"]


def test_a_missing_variable_is_an_error_and_a_missing_sender_a_warning() -> None:
    levels = [problem["level"] for problem in check_payload('{"t": "{{message}}"}', FIELDS)["problems"]]
    assert levels == ["error", "warning"]


def test_a_form_body_of_rows_is_previewed_as_a_form() -> None:
    fields = {
        **FIELDS,
        "body_kind": "form",
        "fields-0-name": "To", "fields-0-value": "{{toNumber}}", "fields-0-position": "1",
        "fields-1-name": "Body", "fields-1-value": "{{message}}", "fields-1-position": "0",
        "fields-2-name": "Gone", "fields-2-value": "x", "fields-2-DELETE": "on",
    }  # fmt: skip
    body = check_payload("", fields)["preview"].rpartition("\n\n")[2]
    assert re.fullmatch(r"Body=Hello[^&]+&To=%2B14155550123\n", body)


def test_secret_headers_are_not_shown() -> None:
    fields = {
        **FIELDS,
        "headers-0-name": "X-One", "headers-0-value": "hush-one", "headers-0-secret": "on",
        "headers-1-name": "X-Api-Key", "headers-1-value": "hush-two",
        "headers-2-name": "X-Plain", "headers-2-value": "plain",
    }  # fmt: skip
    preview = check_payload(CUSTOM.payload, fields)["preview"]
    assert "hush" not in preview
    assert "X-Plain: plain" in preview


def test_the_picker_offers_variables_attributes_and_functions() -> None:
    picker = check_payload("{}", {})["picker"]
    assert [group["label"] for group in picker] == [
        "Message variables",
        "Profile attributes",
        "Helper functions",
        "For providers",
    ]
    assert {"label", "insert", "help"} == picker[0]["items"][0].keys()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"source": CUSTOM.payload, "fields": FIELDS}), 200),
        (json.dumps({"source": None, "fields": []}), 200),
        ("[1]", 400),
        ("{", 400),
        ("[" * 100_000, 400),
        ('{"source": "' + "x" * 300_000 + '"}', 400),
    ],
)
def test_the_check_view(admin_client: Client, body: str, status: int) -> None:
    url = "/admin/credentials/apicredential/payload-check/"
    response: Any = admin_client.post(url, body, content_type="application/json")
    assert response.status_code == status
    if status == 200:
        assert response.json().keys() == {"problems", "preview", "picker"}
    assert admin_client.get(url).status_code == 405
