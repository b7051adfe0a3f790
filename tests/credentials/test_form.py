from __future__ import annotations

from typing import Any

import pytest

from credentials.auth import BACKENDS
from credentials.forms import AUTH_FIELDS, SECRET_FIELDS, ApiCredentialForm
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from tests.credentials.conftest import make_credential
from tests.credentials.screens import OAUTH_BODY, posted
from tests.credentials.vectors import key_of

pytestmark = pytest.mark.django_db
HS_KEY = "hmac-key-0123456789-0123456789-0123456789"
COMPLETE: dict[str, dict[str, str]] = {
    "api_key": {"api_token": "tok-123456"},
    "mac": {"api_token": "mac-id", "api_secret_key": "mac-key", "mac_hash_format": "hmac-sha512:hex"},
    "oauth": {
        "api_token": "",
        "oauth_url": "https://provider.example.com/token",
        "oauth_body": OAUTH_BODY,
        "oauth_encoding": "json",
    },
    "jwt": {"api_token": HS_KEY, "jwt_payload": '{"iss": "shop"}', "jwt_algorithm": "HS256"},
}
STRAY = {
    "api_secret_key": "stray-secret",
    "oauth_url": "https://stray.example.com/",
    "oauth_body": '{"client_secret": "stray-body"}',
    "jwt_payload": '{"stray": 1}',
    "key_name": "X-Stray",
}


def form(instance: ApiCredential | None = None, **values: Any) -> ApiCredentialForm:
    return ApiCredentialForm(posted(**values), instance=instance)


def errors(**values: Any) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in form(**values).errors.items()}


def test_the_labels_are_those_of_the_documentation() -> None:
    labels = {name: str(field.label) for name, field in ApiCredentialForm().fields.items()}
    assert [labels[name] for name in (
        "vendor", "name", "provider_app_id", "provider_name", "provider_url", "auth_type"
    )] == ["SMS vendor", "Name", "Provider AppId", "Provider Name", "Provider URL", "Auth Type"]  # fmt: skip
    assert [labels[name] for name in ("auth_name", "api_token", "api_secret_key", "mac_hash_format")] == [
        "Name", "API Token", "API Secret Key", "Mac Authorization Hash Format",
    ]  # fmt: skip
    assert [labels[name] for name in ("oauth_url", "oauth_body", "oauth_encoding", "jwt_payload")] == [
        "OAuth URL", "OAuth Body", "Send token request as", "JWT Payload",
    ]  # fmt: skip
    assert [backend.label for backend in BACKENDS.values()] == ["API key", "MAC", "OAuth", "JWT"]


@pytest.mark.parametrize("kind", BACKENDS)
def test_only_the_chosen_types_fields_are_taken(kind: str) -> None:
    saved = form(auth_type=kind, **{**STRAY, **COMPLETE[kind]}).save()
    saved.refresh_from_db()
    for name in AUTH_FIELDS:
        if name in COMPLETE[kind]:
            assert getattr(saved, name) == COMPLETE[kind][name]
        elif name not in BACKENDS[kind].fields:
            assert getattr(saved, name) == ApiCredential._meta.get_field(name).get_default()


@pytest.mark.parametrize("kind", BACKENDS)
def test_the_chosen_types_fields_are_required(kind: str) -> None:
    blank = dict.fromkeys(AUTH_FIELDS, "")
    assert set(errors(auth_type=kind, **blank)) == set(BACKENDS[kind].required)


@pytest.mark.parametrize("before", BACKENDS)
@pytest.mark.parametrize("after", BACKENDS)
def test_switching_the_type_wipes_secrets_and_asks_for_its_own(before: str, after: str) -> None:
    saved = form(auth_type=before, **COMPLETE[before]).save()
    needed = {name for name in BACKENDS[after].required if name in SECRET_FIELDS}
    kept = {name: value for name, value in COMPLETE[after].items() if name not in SECRET_FIELDS}
    again = form(saved, auth_type=after, **{"api_token": "", **kept})
    if before == after:
        assert again.is_valid()
        assert again.save().api_token == COMPLETE[before]["api_token"]
        return
    assert set(again.errors) == needed
    switched = form(saved, auth_type=after, **COMPLETE[after])
    assert switched.is_valid(), switched.errors
    result = switched.save()
    result.refresh_from_db()
    for name in SECRET_FIELDS:
        assert getattr(result, name) == COMPLETE[after].get(name, "")


def test_a_secret_left_out_of_the_request_altogether_is_wiped_too() -> None:
    saved = form(auth_type="mac", **COMPLETE["mac"]).save()
    data = {name: value for name, value in posted(api_token="new-token").items() if name != "api_secret_key"}
    ApiCredentialForm(data, instance=saved).save()
    saved.refresh_from_db()
    assert saved.api_secret_key == ""


def test_stored_secrets_are_never_rendered() -> None:
    saved = form(auth_type="oauth", **{**COMPLETE["oauth"], "api_token": "oauth-api-token"}).save()
    html = ApiCredentialForm(instance=saved).as_div()
    assert "sssh-client" not in html
    assert "oauth-api-token" not in html
    assert html.count("Stored. Leave blank to keep it.") == 2


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"payload": '{"to": "{{toNumber}}",\n "x": }'}, "payload", "Line 2, column 7"),
        ({"payload": '{"to": {{toNumber}}}'}, "payload", "quotes"),
        ({"payload": '{"to": "{{tonumber}}", "t": "{{message}}"}'}, "payload", "toNumber"),
        ({"payload": '{"t": "{{message}}"}'}, "payload", "{{toNumber}} must occur"),
        ({"payload": '{"to": "{{toNumber}}"}'}, "payload", "{{message}} must occur"),
        ({"payload": '["{{toNumber}}", "{{message}}"]', "headers-0-value": "application/x-www-form-urlencoded"},
         "payload", "form body"),
        ({"provider_url": "ftp://p.example.com/"}, "provider_url", "http"),
        ({"provider_url": "p.example.com"}, "provider_url", "http"),
        ({"provider_url": "https://user:pw@p.example.com/"}, "provider_url", "user"),
        ({"provider_url": "https://10.1.2.3/send"}, "provider_url", "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"provider_url": "http://127.0.0.1:8900/send"}, "provider_url", "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"provider_url": "http://localhost/"}, "provider_url", "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"provider_url": "http://169.254.169.254/latest"}, "provider_url", ""),
        ({"provider_url": "https://p.example.com/{{nothing}}"}, "provider_url", "nothing"),
        ({"provider_url": "https://p.example.com/{% if a %}"}, "provider_url", "{% … %}"),
        ({"message_id_path": "a[["}, "message_id_path", "messages[0].messageId"),
        ({"auth_type": "basic"}, "auth_type", ""),
        ({"vendor": "other"}, "vendor", ""),
        ({"key_name": "X\r\nEvil"}, "key_name", "letters"),
        ({"key_location": "query", "key_name": ""}, "key_name", "query parameter"),
        ({"api_token": "line\nbreak"}, "api_token", "header"),
        ({"auth_type": "oauth", **COMPLETE["oauth"], "oauth_body": '{"a":\n 1,}'}, "oauth_body", "line 2, column"),
        ({"auth_type": "oauth", **COMPLETE["oauth"], "oauth_body": "[]"}, "oauth_body", "object"),
        ({"auth_type": "oauth", **COMPLETE["oauth"], "oauth_url": "https://10.0.0.1/"}, "oauth_url",
         "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"auth_type": "oauth", **COMPLETE["oauth"], "oauth_url": "gopher://x"}, "oauth_url", "http"),
        ({"auth_type": "oauth", **COMPLETE["oauth"], "oauth_url": "http://p.example.com/token"}, "oauth_url", "https"),
        ({"auth_type": "jwt", **COMPLETE["jwt"], "jwt_payload": '{"iss": }'}, "jwt_payload", "line 1, column 9"),
        ({"auth_type": "jwt", **COMPLETE["jwt"], "jwt_payload": '{"exp": 1500000000}'}, "jwt_payload", "past"),
        ({"auth_type": "jwt", **COMPLETE["jwt"], "api_token": key_of("jwt-rs256")["signing_key"]}, "api_token", "PEM"),
        ({"auth_type": "mac", **COMPLETE["mac"], "mac_hash_format": "md5"}, "mac_hash_format", ""),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_at_its_field(values: dict[str, str], field: str, text: str) -> None:
    found = errors(**values)
    assert list(found) == [field]
    assert text in " ".join(found[field])


def test_private_hosts_on_the_list_are_taken(settings: Any) -> None:
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({"127.0.0.1:8900"})
    assert errors(provider_url="http://127.0.0.1:8900/apikey/messages") == {}
    assert "provider_url" in errors(provider_url="http://127.0.0.1:8901/apikey/messages")


@pytest.mark.parametrize(
    "values",
    [
        {"provider_url": "https://p.example.com/{{toNumber}}", "payload": '{"t": "{{ message | strip }}"}'},
        {"payload": '{"t": "{{message}}"}', "headers-2-name": "X-To", "headers-2-value": "{{toNumber}}"},
        {
            "payload": '{"to": ["{{ toNumber | digits }}"], "t": "{{message}} {{profile.any | default: \'\'}}"}'
        },
    ],
)
def test_the_required_variables_may_stand_anywhere_in_the_request(values: dict[str, str]) -> None:
    assert errors(**values) == {}


def test_a_missing_sender_and_a_short_key_only_warn() -> None:
    shown = form(
        payload='{"to": "{{toNumber}}", "t": "{{message}}"}',
        auth_type="jwt", **{**COMPLETE["jwt"], "api_token": "short"},
    )  # fmt: skip
    assert shown.is_valid()
    assert "at least 32" in shown.warnings[0]
    assert "fromNumber" in shown.warnings[1]


@pytest.mark.parametrize(
    ("typed", "stored"), [("Bearer", "Bearer "), ("App ", "App "), ("", ""), ("key=", "key="), (" ", "")]
)
def test_a_prefix_word_gets_the_blank_behind_it(typed: str, stored: str) -> None:
    assert form(key_prefix=typed).save().key_prefix == stored


@pytest.mark.parametrize("slug", VENDORS)
def test_without_a_script_the_server_fills_in_the_vendors_values(slug: str) -> None:
    preset = VENDORS[slug]
    url = preset.provider_url or "https://mine.example.com/"
    offered = {"provider_url": "" if preset.provider_url else url, "provider_name": "", "preset": ""}
    saved = form(vendor=slug, **offered).save()
    assert saved.provider_url == url
    assert saved.payload.strip() == preset.payload.strip()
    assert (saved.key_location, saved.message_id_path) == (
        preset.auth["key_location"],
        preset.message_id_path,
    )
    assert saved.provider_name == preset.provider_name


def test_what_was_typed_is_never_replaced_by_a_preset() -> None:
    payload = '{"To": "{{toNumber}}", "Text": "{{message}}"}'
    saved = form(vendor="twilio", preset="", provider_url="https://mine.example.com/", payload=payload).save()
    assert (saved.provider_url, saved.payload) == ("https://mine.example.com/", payload)
    kept = form(vendor="twilio", preset="twilio", name="Second").save()
    assert kept.provider_url == "https://provider.example.com/messages"
    assert "contentType" in kept.payload


def test_an_existing_credential_takes_nothing_from_a_preset() -> None:
    saved = make_credential(vendor="custom")
    assert "provider_url" in form(saved, vendor="twilio", provider_url="", preset="").errors


def test_names_are_unique() -> None:
    form().save()
    assert "name" in errors()
