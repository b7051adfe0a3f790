from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
import requests
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthConfig
from credentials.auth.jwt import JwtAuth, claims_of, signing_key
from tests.credentials.vectors import NOW, key_of, rows

HS_KEY = "hmac-key-0123456789-0123456789-0123456789"
RSA_PEM = key_of("jwt-rs256")["signing_key"]
ED_PEM = key_of("jwt-eddsa")["signing_key"]


def pem(key: Any, *, password: bytes | None = None) -> str:
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    ).decode()


EC_KEY = ec.generate_private_key(ec.SECP256R1())


def sign(**values: Any) -> str:
    config = {"key": "", "api_token": HS_KEY, "jwt_payload": "{}", **values}
    request = requests.Request("POST", "https://p.example.com/", data=b"x").prepare()
    return JwtAuth(AuthConfig(**config))(request).headers["Authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("row", rows("jwt"))
@time_machine.travel(NOW, tick=False)
def test_vectors(row: dict[str, Any]) -> None:
    claims = {**row["claims"], "jti": row["claims"].get("jti", "j-1")}
    token = sign(api_token=row["signing_key"], jwt_algorithm=row["alg"], jwt_payload=json.dumps(claims))
    got = jwt.decode(token, row["verify_key"], algorithms=[row["alg"]], audience=row["claims"].get("aud"))
    assert got == claims
    ours, theirs = (jwt.get_unverified_header(text) for text in (token, row["token"]))
    assert ours == theirs


@pytest.mark.parametrize("row", rows("jwt"))
@time_machine.travel(NOW, tick=False)
def test_vectors_byte_by_byte(row: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors have no jti, which we always add; without it the tokens are the same."""
    monkeypatch.setattr("credentials.auth.jwt.claims_of", lambda payload, now: json.loads(payload))
    settings = {"jwt_algorithm": row["alg"], "jwt_payload": json.dumps(row["claims"])}
    token = sign(api_token=row["signing_key"], **settings)
    assert token == row["token"]


@pytest.mark.parametrize("row", rows("jwt_claims"))
def test_claims_vectors(row: dict[str, Any]) -> None:
    error = row["expected"].get("error")
    if error:
        with pytest.raises(ValueError, match={"expired": "expired", "not an object": "object"}[error]):
            claims_of(row["payload"], now=row["now"], default_lifetime=row["default_ttl"])
        return
    claims = claims_of(row["payload"], now=row["now"], default_lifetime=row["default_ttl"])
    assert len(claims.pop("jti")) == 36
    assert claims == row["expected"]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ('{"iss": }', "line 1, column 9"),
        ('{\n"iss": "a",\n}', "line 3, column 1"),
        ('{"exp": "soon"}', "exp"),
        ('{"exp": true}', "exp"),
        ('{"exp": 1e999}', "exp"),
        ('{"exp": -5}', "exp"),
        ('{"a": NaN}', "NaN"),
        ("[" * 100_000, "nested"),
    ],
)
def test_claims_that_cannot_be_read_say_where(payload: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        claims_of(payload, now=NOW)


def test_typed_iat_and_jti_stay_and_the_app_id_is_filled_in() -> None:
    with time_machine.travel(NOW, tick=False):
        token = sign(
            jwt_payload='{"iss": "{{providerAppId}}", "iat": 5, "jti": "mine"}', provider_app_id="app-7"
        )
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["iat"], claims["jti"]) == ("app-7", 5, "mine")


@pytest.mark.parametrize(
    ("algorithm", "key", "text"),
    [
        ("HS256", RSA_PEM, "PEM"),
        ("HS256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "PEM"),
        ("RS256", HS_KEY, "private key in PEM"),
        ("RS256", ED_PEM, "another kind"),
        ("EdDSA", RSA_PEM, "another kind"),
        ("RS256", key_of("jwt-rs256")["verify_key"], "public key"),
        ("RS256", RSA_PEM[:200], "cannot be read"),
        ("ES256", pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        ("EdDSA", pem(ed25519.Ed25519PrivateKey.generate(), password=b"pw"), "passphrase"),
        ("none", HS_KEY, "list"),
    ],
)
def test_keys_that_do_not_fit_are_refused(algorithm: str, key: str, text: str) -> None:
    auth = JwtAuth(AuthConfig(api_token=key, jwt_payload="{}", jwt_algorithm=algorithm))
    assert [problem.field for problem in auth.problems()] == ["api_token"]
    assert text in auth.problems()[0].text
    with pytest.raises(AuthenticationFailed):
        auth(requests.Request("POST", "https://p.example.com/").prepare())


@pytest.mark.parametrize("change", [str, lambda key: key.replace("\n", "\\n"), lambda key: f"  {key}\r\n"])
def test_a_pasted_pem_is_understood(change: Any) -> None:
    assert signing_key(change(RSA_PEM), "RS256").key_size == 2048


def test_credential_variables_are_filled_in_as_values() -> None:
    token = sign(jwt_payload='{"sub": "{{who}}", "n": 5}', variables={"who": 'a"b'})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["n"]) == ('a"b', 5)


def test_es256_signs() -> None:
    token = sign(api_token=pem(EC_KEY), jwt_algorithm="ES256")
    assert jwt.decode(token, EC_KEY.public_key(), algorithms=["ES256"])["jti"]


def test_the_token_is_kept_until_thirty_seconds_before_it_expires() -> None:
    config = AuthConfig(key="k", api_token=HS_KEY, jwt_payload='{"exp": 100}')

    def token_at(seconds: float) -> str:
        with time_machine.travel(NOW + seconds, tick=False):
            request = requests.Request("POST", "https://p.example.com/").prepare()
            return JwtAuth(config)(request).headers["Authorization"]

    first = token_at(0)
    assert token_at(69) == first
    assert token_at(71) != first


def test_a_short_shared_key_warns() -> None:
    auth = JwtAuth(AuthConfig(api_token="short-key", jwt_payload="{}", jwt_algorithm="HS512"))
    assert auth.problems() == []
    assert "64" in auth.warnings()[0]


def test_the_header_names_algorithm_and_type_only() -> None:
    header = sign().split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
