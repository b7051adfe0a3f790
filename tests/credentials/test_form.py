from __future__ import annotations

from typing import Any

import pytest

from credentials.auth import BACKENDS
from credentials.forms import AUTH_FIELDS, SECRET_FIELDS, ApiCredentialForm
from credentials.forms.offers import completed
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from tests.credentials.conftest import make_credential
from tests.credentials.screens import OAUTH_BODY, header_rows, posted
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
    "basic": {"auth_username": "shop", "auth_password": "pass-123456"},
    "bearer": {"api_token": "bearer-123456"},
    "none": {},
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


def form_of(data: dict[str, Any]) -> ApiCredentialForm:
    return ApiCredentialForm(data)


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
    assert [backend.label for backend in BACKENDS.values()] == [
        "API key", "MAC", "OAuth", "JWT", "Basic", "Bearer", "No Authentication",
    ]  # fmt: skip


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
        assert again.save().api_token == COMPLETE[before].get("api_token", "")
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
        ({"payload": '{"to": {{toNumber}}}'}, "payload", "{{message}} must occur"),
        ({"payload": '{"to": "{{tonumber}}", "t": "{{message}}"}'}, "payload", "toNumber"),
        ({"payload": '{"t": "{{message}}"}'}, "payload", "{{toNumber}} must occur"),
        ({"payload": '{"to": "{{toNumber}}"}'}, "payload", "{{message}} must occur"),
        ({"payload": '["{{toNumber}}", "{{message}}"]', "body_kind": "form"}, "payload", "form"),
        ({"provider_url": "ftp://p.example.com/"}, "provider_url", "http"),
        ({"provider_url": "p.example.com"}, "provider_url", "http"),
        ({"provider_url": "https://user:pw@p.example.com/"}, "provider_url", "user"),
        ({"provider_url": "https://10.1.2.3/send"}, "provider_url", "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"provider_url": "http://127.0.0.1:8900/send"}, "provider_url", "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"provider_url": "http://localhost/"}, "provider_url", "SMSGATEWAY_PRIVATE_HOSTS"),
        ({"provider_url": "http://169.254.169.254/latest"}, "provider_url", ""),
        ({"provider_url": "https://p.example.com/{{nothing}}"}, "provider_url", "nothing"),
        ({"provider_url": "https://p.example.com/{% if a %}"}, "provider_url", "{% … %}"),
        ({"message_id_path": "a[["}, "message_id_path", ""),
        ({"error_code_path": "regex:("}, "error_code_path", ""),
        ({"check_url": "http://169.254.169.254/"}, "check_url", ""),
        ({"max_length": "0"}, "max_length", "1 or more"),
        ({"body_kind": "xml", "payload": "<a>{{toNumber}}</b>"}, "payload", ""),
        ({"body_kind": "yaml"}, "body_kind", ""),
        ({"method": "DELETE"}, "method", ""),
        ({"client_certificate": "-----BEGIN"}, "client_key", "belong together"),
        ({"auth_type": "mac", **COMPLETE["mac"], "mac_layout": "template"}, "mac_string", "signed"),
        ({"auth_type": "basic", "auth_username": "a:b"}, "auth_username", "colon"),
        ({"auth_type": "digest"}, "auth_type", ""),
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
        {
            "payload": '{"t": "{{message}}"}',
            **header_rows(
                ("Content-Type", "application/json"), ("Charset", "UTF-8"), ("X-To", "{{toNumber}}")
            ),
        },
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
    posts = {**posted(vendor=slug, preset="", provider_name=""), "provider_url": preset.provider_url}
    filled_in = form_of(completed(posts)).data
    again = completed(filled_in)
    assert again == filled_in
    spec = preset.spec({})
    assert filled_in["provider_name"] == preset.provider_name
    assert (filled_in["method"], filled_in["body_kind"]) == (spec.request.method, spec.request.body)
    assert filled_in["payload"].strip() == spec.request.payload.strip()
    for group, rows in (("query", spec.request.query), ("fields", spec.request.fields)):
        names = [filled_in[f"{group}-{index}-name"] for index in range(filled_in[f"{group}-TOTAL_FORMS"])]
        assert names == [row.name for row in rows]
    asked = [item.name for item in preset.inputs if not item.field]
    assert [filled_in[f"variables-{index}-name"] for index in range(len(asked))] == asked


def test_what_was_typed_is_never_replaced_by_a_preset() -> None:
    payload = '{"To": "{{toNumber}}", "Text": "{{message}}"}'
    typed = {"provider_url": "https://mine.example.com/", "payload": payload, "headers-0-value": "text/plain"}
    filled_in = completed(posted(vendor="twilio", preset="", **typed))
    assert (filled_in["provider_url"], filled_in["payload"]) == ("https://mine.example.com/", payload)
    kept = form(vendor="twilio", preset="twilio", name="Second").save()
    assert kept.provider_url == "https://provider.example.com/messages"
    assert "contentType" in kept.payload


def test_an_existing_credential_takes_nothing_from_a_preset() -> None:
    saved = make_credential(vendor="custom")
    assert "provider_url" in form(saved, vendor="twilio", provider_url="", preset="").errors


def test_names_are_unique() -> None:
    form().save()
    assert "name" in errors()


def twilio(**values: Any) -> dict[str, Any]:
    """Twilio chosen without a script, its questions answered."""
    asked = completed(posted(vendor="twilio", preset="", provider_url="", provider_name=""))
    return {**asked, "variables-0-value": "AC0123", "variables-1-value": "hush-hush", **values}


def test_a_vendors_questions_are_variables_and_required_ones_are_asked_for() -> None:
    blank = form_of(twilio(**{"variables-0-value": ""}))
    assert blank.is_valid()
    assert blank.row_problems["variables"][0] == (0, "value", "Account SID is needed.")
    whole = form_of(twilio())
    assert whole.is_valid(), whole.errors
    assert whole.row_problems == {}
    assert whole.cleaned_data["auth_password"] == "{{auth_token}}"


def test_answers_choose_the_variant_of_the_preset() -> None:
    asked = completed(posted(vendor="infobip", preset="", provider_url="", provider_name="", api_token=""))
    assert (asked["auth_type"], asked["api_token"]) == ("api_key", "{{api_key}}")
    names = {asked[f"variables-{index}-name"]: index for index in range(asked["variables-TOTAL_FORMS"])}
    by_name = completed({**asked, f"variables-{names['username']}-value": "ada"})
    assert (by_name["auth_type"], by_name["auth_password"]) == ("basic", "{{password}}")


@pytest.mark.parametrize(
    ("kind", "header", "sent"),
    [
        ("xml", "application/json", "text/xml"),
        ("form", "text/xml", "application/x-www-form-urlencoded"),
        ("json", "application/x-www-form-urlencoded; charset=UTF-8", "application/json"),
        ("xml", "application/soap+xml", "application/soap+xml"),
        ("text", "application/json", "text/plain"),
    ],
)
def test_a_standard_content_type_follows_the_body(kind: str, header: str, sent: str) -> None:
    data = posted(**header_rows(("Content-Type", header), ("Charset", "UTF-8")), body_kind=kind)
    assert completed(data)["headers-0-value"] == sent


def rows(group: str, *given: dict[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {f"{group}-TOTAL_FORMS": len(given), f"{group}-INITIAL_FORMS": 0}
    for index, row in enumerate(given):
        data |= {f"{group}-{index}-{name}": value for name, value in row.items()}
    return data


@pytest.mark.parametrize(
    ("posted_rows", "group", "place"),
    [
        (rows("query", {"name": "", "value": ""}, {"name": "a", "value": "{{nobody}}", "when": "always"}),
         "query", (1, "value")),
        (rows("fields", {"name": "a[b", "value": "1", "when": "always", "kind": "text"}), "fields", (0, "name")),
        (rows("variables", {"name": "toNumber", "value": "1"}), "variables", (0, "name")),
        (rows("variables", {"name": "1st", "value": "1"}), "variables", (0, "name")),
        (rows("rules", {"path": "a[[", "test": "present", "outcome": "failed"}), "rules", (0, "path")),
        (rows("rules", {"statuses": "9xx", "path": "a", "test": "present", "outcome": "failed"}),
         "rules", (0, "statuses")),
        (rows("rules", {"path": "a", "test": "matches", "values": "(", "outcome": "failed"}), "rules", (0, "values")),
        (rows("headers", {"name": "X-A", "value": "{{nobody}}"}), "headers", (0, "value")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told_at_the_row(
    posted_rows: dict[str, Any], group: str, place: tuple[int, str]
) -> None:
    shown = form(**posted_rows)
    assert not shown.errors
    assert [(index, column) for index, column, _ in shown.row_problems[group]] == [place]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"provider_url": "https://p.example.com/a8F3kd92LLs0a9Zq7Wm4/send"}, "Provider URL"),
        ({"provider_url": "https://p.example.com/send?api_key=opensesame"}, "Provider URL"),
        (rows("variables", {"name": "mine", "value": "a8F3kd92LLs0a9Zq7Wm4"}), "Variable mine"),
        (header_rows(("Content-Type", "application/json"), ("Charset", "UTF-8"), ("X-Api-Key", "opensesame")),
         "Header X-Api-Key"),
        (rows("query", {"name": "q", "value": "a8F3kd92LLs0a9Zq7Wm4", "when": "always"}), "Parameter q"),
    ],
)  # fmt: skip
def test_a_readable_secret_is_warned_of(values: dict[str, Any], words: str) -> None:
    shown = form(**values)
    assert shown.is_valid(), shown.errors
    assert [words in text for text in shown.warnings] == [True]


def test_ordinary_values_are_no_suspicion() -> None:
    sid = {"name": "plan", "value": "01990000-0000-7000-8000-000000000001"}
    shown = form(provider_url="https://api.provider.example.com/v2/messages/send", **rows("variables", sid))
    assert shown.is_valid()
    assert shown.warnings == []
