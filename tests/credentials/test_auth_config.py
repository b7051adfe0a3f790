from __future__ import annotations

import json
from types import SimpleNamespace

import jwt
import pytest

from credentials.auth import BACKENDS, backend_of
from credentials.auth.base import AuthConfig, filled
from tests.credentials.vectors import final_request

VARIABLES = {"key": "k-1", "secret": 's"é{{key}}', "region": "eu"}


def test_an_object_that_lacks_fields_has_their_defaults() -> None:
    assert AuthConfig.of(SimpleNamespace(api_token="t")) == AuthConfig(api_token="t")


@pytest.mark.parametrize("name", ["mac_layout", "mac_value", "mac_header", "key_location", "oauth_encoding"])
def test_a_choice_left_blank_means_its_default(name: str) -> None:
    assert getattr(AuthConfig(**{name: ""}), name) == getattr(AuthConfig(), name) != ""


def test_a_blank_prefix_stays_blank() -> None:
    assert AuthConfig.of(SimpleNamespace(key_prefix="")).key_prefix == ""


def test_only_a_saved_credential_shares_its_tokens() -> None:
    assert AuthConfig.of(SimpleNamespace(pk=7, revision=3)).key == "7:3"
    assert AuthConfig.of(SimpleNamespace(pk=None, revision=3)).key == ""


def test_variables_stand_in_every_text_of_every_type() -> None:
    texts = {
        name: f"{{{{key}}}} {{{{ region }}}} {name}"
        for kind in BACKENDS.values()
        for name in kind.fields
        if name not in {"auth_name", "oauth_body", "jwt_payload"}
    }
    config = AuthConfig.of(SimpleNamespace(**texts), variables=VARIABLES)
    assert {name: getattr(config, name) for name in texts} == {name: f"k-1 eu {name}" for name in texts}


def test_variables_cannot_break_out_of_a_json_text() -> None:
    credential = SimpleNamespace(
        provider_app_id="app",
        api_token="hmac-key-0123456789-0123456789-0123456789",
        jwt_payload='{"iss": "{{providerAppId}}", "data": ["{{secret}}"]}',
    )
    signed = backend_of("jwt", AuthConfig.of(credential, variables=VARIABLES))(final_request())
    claims = jwt.decode(signed.headers["Authorization"][7:], options={"verify_signature": False})
    assert (claims["iss"], claims["data"]) == ("app", ['s"é{{key}}'])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{a}}", "{{b}}"),
        ("{{ a }}-{{b}}", "{{b}}-2"),
        ("{{c}} {{ a b }} {a} {{}}", "{{c}} {{ a b }} {a} {{}}"),
        ({"x": ["{{b}}", 5, None, {"{{b}}": True}]}, {"x": ["2", 5, None, {"{{b}}": True}]}),
    ],
)
def test_values_are_filled_in_once(source: object, expected: object) -> None:
    assert filled(source, {"a": "{{b}}", "b": "2"}) == expected


def test_secrets_do_not_show_in_a_representation() -> None:
    given = {
        "api_token": "hidden-1",
        "api_secret_key": "hidden-2",
        "auth_password": "hidden-3",
        "oauth_body": json.dumps({"client_secret": "hidden-4"}),
        "client_key": "hidden-5",
    }
    config = AuthConfig.of(SimpleNamespace(**given), variables={"a": "hidden-6"})
    assert "hidden" not in repr(config)
