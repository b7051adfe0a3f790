from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import Any

import pytest
import requests
import responses

from core.errors import AuthenticationFailed, ConfigurationInvalid
from credentials.auth import BACKENDS, api_key, auth_type_choices, backend_of, basic, bearer
from credentials.auth.base import AuthBackend, AuthConfig
from tests.credentials.conftest import TOKEN_URL, URL
from tests.credentials.vectors import key_of

HS_KEY = "hmac-key-0123456789-0123456789-0123456789"
OAUTH_BODY = json.dumps(
    {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "s/c+r=t&x"}
)
WORKING: dict[str, dict[str, str]] = {
    "api_key": {"api_token": "tok-123456"},
    "mac": {"api_token": "mac-id-1", "api_secret_key": "mac-secret-key"},
    "oauth": {"oauth_url": TOKEN_URL, "oauth_body": OAUTH_BODY},
    "jwt": {"api_token": HS_KEY, "jwt_payload": '{"iss": "shop", "exp": 600}'},
    "basic": {"auth_username": "user-1", "auth_password": "pass-word-1"},
    "bearer": {"api_token": "tok-123456"},
    "none": {},
}
SECRETS = {
    "api_key": ["tok-123456"],
    "mac": ["mac-id-1", "mac-secret-key"],
    "oauth": ["s/c+r=t&x", "issued-token"],
    "jwt": [HS_KEY],
    "basic": ["pass-word-1", "dXNlci0xOnBhc3Mtd29yZC0x"],
    "bearer": ["tok-123456"],
    "none": [],
}
SCHEMES = dict.fromkeys(BACKENDS, "Bearer") | {"mac": "MAC", "basic": "Basic", "none": ""}
SIGNING = [kind for kind in BACKENDS if kind != "none"]


def backend(kind: str, **values: str) -> AuthBackend:
    return BACKENDS[kind](
        AuthConfig(**{"key": f"k:{time.monotonic_ns()}", "provider_url": URL, **WORKING[kind], **values})
    )


def prepared(body: bytes = b'{"text":"h\xc3\xa9"}', url: str = URL) -> requests.PreparedRequest:
    return requests.Request("POST", url, data=body, headers={"Content-Type": "application/json"}).prepare()


@pytest.fixture(autouse=True)
def _token_endpoint(wire: responses.RequestsMock) -> None:
    wire.post(TOKEN_URL, json={"access_token": "issued-token", "expires_in": 3600})


def test_every_backend_is_covered_here() -> None:
    assert list(WORKING) == list(BACKENDS) == list(SECRETS)
    assert [auth.kind for auth in BACKENDS.values()] == list(BACKENDS)


@pytest.mark.parametrize("kind", BACKENDS)
def test_signing_leaves_body_target_and_other_headers_as_they_are(kind: str) -> None:
    request = prepared()
    signed = backend(kind)(request)
    assert signed is request
    assert (signed.body, signed.url, signed.method) == (b'{"text":"h\xc3\xa9"}', URL, "POST")
    assert signed.headers["Content-Type"] == "application/json"
    assert signed.headers.get("Authorization", "").split(" ")[0] == SCHEMES[kind]


@pytest.mark.parametrize("kind", BACKENDS)
def test_secrets_name_what_records_must_mask(kind: str) -> None:
    auth = backend(kind)
    signed = auth(prepared())
    assert set(SECRETS[kind]) <= set(auth.secrets())
    assert all(auth.secrets())
    scheme, _, sent = signed.headers.get("Authorization", "").partition(" ")
    assert scheme in {"", "MAC"} or sent in auth.secrets()


@pytest.mark.parametrize("kind", BACKENDS)
def test_secrets_do_not_show_in_a_representation(kind: str) -> None:
    text = repr(backend(kind).config)
    assert not [secret for secret in SECRETS[kind] if secret in text]


@pytest.mark.parametrize("kind", ["api_key", "mac", "bearer"])
@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "trailing ", "töken"])
def test_a_token_cannot_break_out_of_its_header(kind: str, token: str) -> None:
    auth = backend(kind, api_token=token)
    request = prepared()
    if kind == "mac" and token == "trailing ":
        return  # inside quotation marks a blank is harmless
    with pytest.raises(AuthenticationFailed):
        auth(request)
    assert "Authorization" not in request.headers
    assert [problem.field for problem in auth.problems()] == ["api_token"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("api_key", {"key_location": "query", "key_name": "schlüssel", "api_token": "grün&x=1"}),
        ("basic", {"auth_username": "usuário", "auth_password": "señal"}),
        ("mac", {"api_secret_key": "chave-não-ASCII"}),
        ("oauth", {"oauth_body": '{"client_id": "größe", "client_secret": "señal 👍"}'}),
        ("jwt", {"jwt_payload": '{"iss": "größe 👍"}', "api_token": "schlüssel-" * 5}),
    ],
)
def test_non_ascii_values_sign(kind: str, values: dict[str, str]) -> None:
    auth = backend(kind, **values)
    assert auth.problems() == []
    signed = auth(prepared())
    assert signed.url is not None
    assert signed.url.isascii()
    assert all(str(value).isascii() for value in signed.headers.values())


@pytest.mark.parametrize("kind", BACKENDS)
def test_working_settings_have_no_problems_and_required_fields_are_its_own(kind: str) -> None:
    auth = backend(kind)
    assert auth.problems() == []
    assert auth.warnings() == []
    assert auth.required <= set(auth.fields)
    assert auth.fields[:1] == (() if kind == "none" else ("auth_name",))
    assert {"auth_name", *auth.fields} - {"auth_name"} <= {item.name for item in fields(AuthConfig)}


@pytest.mark.parametrize("kind", BACKENDS)
def test_refresh_helps_only_where_a_token_is_kept(kind: str) -> None:
    auth = backend(kind)
    assert auth.refresh(auth(prepared())) is (kind in {"oauth", "jwt"})


@pytest.mark.parametrize("kind", SIGNING)
def test_a_backend_signs_every_request_anew(kind: str) -> None:
    auth = backend(kind)
    assert all(auth(prepared()).headers["Authorization"] for _ in range(3))


@pytest.mark.parametrize("kind", ["api_key", "bearer", "basic"])
def test_a_constant_header_is_made_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = backend(kind)
    first = auth(prepared()).headers["Authorization"]
    for module in (api_key, basic, bearer):
        monkeypatch.setattr(module, "set_header" if module is not basic else "base64", None)
    assert auth(prepared()).headers["Authorization"] is first


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ConfigurationInvalid, match="Auth Type"):
        backend_of("telepathy", AuthConfig())


def test_the_form_offers_every_type_by_name() -> None:
    assert auth_type_choices() == [(kind, auth.label) for kind, auth in BACKENDS.items()]


def test_every_pem_algorithm_and_key_matches(wire: responses.RequestsMock) -> None:
    for vector in ("jwt-rs256", "jwt-eddsa"):
        row: dict[str, Any] = key_of(vector)
        auth = backend("jwt", api_token=row["signing_key"], jwt_algorithm=row["alg"])
        assert auth.problems() == []
        assert auth(prepared()).headers["Authorization"].startswith("Bearer ey")
