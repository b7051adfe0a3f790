from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from simulator.auth import mac_matches, mac_text
from simulator.wire import Request
from tests.simulator.conftest import KEY, MESSAGE, Client

JWT_KEY = "demo-jwt-secret-0123456789abcdef0123456789"
HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


def mac_header(url: str, *, digest: str = "sha256", form: str = "base64", **changes: Any) -> dict[str, str]:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    values = {"id": "demo-mac-id", "ts": str(int(time.time())), "nonce": "n1", "key": "demo-mac-secret-key"}
    values |= {name: str(value) for name, value in changes.items()}
    ext = values.get("ext", "")
    text = f"{values['ts']}\n{values['nonce']}\nPOST\n{target}\n{parts.hostname}\n{parts.port}\n{ext}\n"
    raw = hmac.new(values["key"].encode(), text.encode(), HASHES[digest]).digest()
    mac = raw.hex() if form == "hex" else base64.b64encode(raw).decode()
    header = f'MAC id="{values["id"]}", ts="{values["ts"]}", nonce="{values["nonce"]}", mac="{mac}"'
    return {"Authorization": header + (f', ext="{ext}"' if ext else "")}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (KEY, 202),
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "demo-api-token"}, 401),
        ({"X-Api-Key": "demo-api-token"}, 401),
    ],
)
def test_the_api_key_must_be_right(client: Client, headers: dict[str, str], status: int) -> None:
    answer = client.post("/apikey/messages", json=MESSAGE, headers=headers)
    assert answer.status_code == status
    assert ("messageId" in answer.json()) == (status == 202)


def test_the_api_key_moves_to_another_header_or_the_query(client: Client) -> None:
    client.post("/_accounts", json={"apikey": {"name": "X-Key", "prefix": ""}})
    assert client.post("/apikey/messages", json=MESSAGE, headers=KEY).status_code == 401
    moved = client.post("/apikey/messages", json=MESSAGE, headers={"X-Key": "demo-api-token"})
    assert moved.status_code == 202
    client.post("/_accounts", json={"apikey": {"in": "query", "name": "api_key"}})
    assert client.post("/apikey/messages?api_key=demo-api-token", json=MESSAGE).status_code == 202
    assert client.post("/apikey/messages?api_key=nope", json=MESSAGE).status_code == 401


@pytest.mark.parametrize("digest", list(HASHES))
@pytest.mark.parametrize("form", ["base64", "hex"])
def test_every_mac_format_is_accepted(client: Client, digest: str, form: str) -> None:
    header = mac_header(client.url + "/mac/messages?a=1", digest=digest, form=form)
    assert client.post("/mac/messages?a=1", json=MESSAGE, headers=header).status_code == 202


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "another-key"},
        {"id": "another-id"},
        {"ts": -400},
        {"ts": 400},
        {"ts": "soon"},
    ],
)
def test_a_wrong_mac_is_refused(client: Client, changes: dict[str, Any]) -> None:
    if isinstance(offset := changes.get("ts"), int):
        changes = {"ts": int(time.time()) + offset}
    header = mac_header(client.url + "/mac/messages", **changes)
    answer = client.post("/mac/messages", json=MESSAGE, headers=header)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")


def test_a_mac_covers_path_query_and_ext_and_its_nonce_counts_once(client: Client) -> None:
    header = mac_header(client.url + "/mac/messages", ext="a,b")
    assert client.post("/mac/messages?x=1", json=MESSAGE, headers=header).status_code == 401
    changed = {"Authorization": header["Authorization"].replace('"a,b"', '"a,c"')}
    assert client.post("/mac/messages", json=MESSAGE, headers=changed).status_code == 401
    assert client.post("/mac/messages", json=MESSAGE, headers=header).status_code == 202
    again = client.post("/mac/messages", json=MESSAGE, headers=header)
    assert again.status_code == 401
    assert "nonce" in again.json()["error"]["message"]


def test_a_published_mac_vector_matches() -> None:
    # From the test suite of a public provider's client.
    request = Request("GET", "/v1/sms/", "HTTP/1.1", {"host": "api.smsglobal.com:443"}, b"")
    text = mac_text(request, {"ts": "1375000000", "nonce": "random-nonce"})
    assert text == "1375000000\nrandom-nonce\nGET\n/v1/sms/\napi.smsglobal.com\n443\n\n"
    assert mac_matches("abcd", text, "xHRg9NU2FyDXb6X/iWGfseHslX7ES3IKPSwFV5QLguQ=")
    assert not mac_matches("abce", text, "xHRg9NU2FyDXb6X/iWGfseHslX7ES3IKPSwFV5QLguQ=")


GRANT = {
    "grant_type": "client_credentials",
    "client_id": "demo-client",
    "client_secret": "demo-client-secret",
}
BASIC = {"Authorization": "Basic " + base64.b64encode(b"demo-client:demo-client-secret").decode()}


@pytest.mark.parametrize(
    "options",
    [
        {"data": GRANT},
        {"json": GRANT},
        {"data": {"grant_type": "client_credentials"}, "headers": BASIC},
        {"json": {"grant_type": "client_credentials"}, "headers": BASIC},
    ],
)
def test_a_token_is_issued_and_opens_the_endpoint(client: Client, options: dict[str, Any]) -> None:
    issued = client.post("/oauth/token", **options)
    assert issued.status_code == 200
    assert issued.json()["token_type"] == "Bearer"
    bearer = {"Authorization": f"Bearer {issued.json()['access_token']}"}
    assert client.post("/oauth/messages", json=MESSAGE, headers=bearer).status_code == 202
    client.post("/_oauth/revoke")
    assert client.post("/oauth/messages", json=MESSAGE, headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"data": GRANT | {"client_secret": "no"}}, 401, "invalid_client"),
        ({"json": GRANT | {"client_id": "no"}}, 401, "invalid_client"),
        ({"data": GRANT | {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        (
            {"data": {}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            400,
            "invalid_request",
        ),
        (
            {"data": {"grant_type": "client_credentials"}, "headers": {"Authorization": "Basic !"}},
            401,
            "invalid_client",
        ),
    ],
)
def test_a_wrong_token_request_is_refused(client: Client, options: Any, status: int, code: str) -> None:
    answer = client.post("/oauth/token", **options)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_token_expires(client: Client) -> None:
    client.post("/_accounts", json={"oauth": {"lifetime": 1}})
    issued = client.post("/oauth/token", data=GRANT).json()
    assert issued["expires_in"] == 1
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    assert client.post("/oauth/messages", json=MESSAGE, headers=bearer).status_code == 202
    time.sleep(1.05)
    assert client.post("/oauth/messages", json=MESSAGE, headers=bearer).status_code == 401


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": "gateway", "iat": now, "exp": now + 60, "jti": "1"} | changes


def unsigned(payload: dict[str, Any]) -> str:
    pieces = ({"alg": "none", "typ": "JWT"}, payload)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in pieces) + "."
    )


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (lambda: jwt.encode(claims(), JWT_KEY, algorithm="HS256"), 202),
        (lambda: jwt.encode(claims(aud="anyone"), JWT_KEY, algorithm="HS256"), 202),
        (lambda: jwt.encode(claims(), JWT_KEY[::-1], algorithm="HS256"), 401),
        (lambda: jwt.encode(claims(), JWT_KEY + JWT_KEY, algorithm="HS384"), 401),
        (lambda: jwt.encode(claims(exp=int(time.time()) - 5), JWT_KEY, algorithm="HS256"), 401),
        (lambda: jwt.encode({"iat": int(time.time())}, JWT_KEY, algorithm="HS256"), 401),
        (lambda: unsigned(claims()), 401),
        (lambda: "not-a-token", 401),
    ],
    ids=["right", "audience", "key", "algorithm", "expired", "no exp", "alg none", "garbage"],
)
def test_the_jwt_must_be_right(client: Client, token: Any, status: int) -> None:
    bearer = {"Authorization": f"Bearer {token()}"}
    for _ in range(2):
        assert client.post("/jwt/messages", json=MESSAGE, headers=bearer).status_code == status
