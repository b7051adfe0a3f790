from __future__ import annotations

import json

import pytest

from core.vocabulary import FailureClass
from credentials.auth import BACKENDS
from credentials.building import RequestBuilder, RequestShape
from credentials.checking import check_request
from credentials.headers import DEFAULT_HEADERS
from credentials.reading import path_problem
from credentials.vendors import VENDORS, preset_of, vendor_choices
from tests.credentials.conftest import CONTEXT

EVERYTHING = {
    **CONTEXT,
    "providerAppId": "app",
    "apiToken": "t",
    "statusCallbackUrl": "https://us.example.com/h/",
}


def test_the_documented_vendors_in_their_order() -> None:
    assert [label for _, label in vendor_choices()] == ["Sinch", "Twilio", "Infobip", "Custom"]


@pytest.mark.parametrize("slug", VENDORS)
def test_a_preset_makes_a_request_that_passes_the_checks(slug: str) -> None:
    preset = VENDORS[slug]
    shape = RequestShape(
        preset.provider_url or "https://p.example.com/", tuple(preset.headers.items()), preset.payload
    )
    findings = check_request(shape)
    assert (findings.errors, findings.warnings) == ([], [])
    request = RequestBuilder(shape).build(EVERYTHING)
    assert "Hello" in request.body.decode()  # type: ignore[union-attr]
    assert preset.auth_type in BACKENDS
    assert set(preset.auth) <= set(BACKENDS[preset.auth_type].fields)
    assert preset.headers.keys() == DEFAULT_HEADERS.keys()
    assert preset.where_to_paste
    assert not preset.message_id_path or path_problem(preset.message_id_path) == ""
    assert {FailureClass(value) for value in preset.codes.values()} <= set(FailureClass)


def test_custom_starts_with_the_documented_payload() -> None:
    assert json.loads(VENDORS["custom"].payload) == {
        "from": "{{fromNumber}}",
        "to": "{{toNumber}}",
        "content": "{{message}}",
        "contentType": "TEXT",
        "clientReference": "{{messageId}}",
        "callbackUrl": "{{statusCallbackUrl}}",
    }


def test_a_vendor_that_is_gone_counts_as_custom() -> None:
    assert preset_of("gone") is VENDORS["custom"]
