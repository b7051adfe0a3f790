from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
import time_machine

from core.errors import AddressRefused, AuthenticationFailed, GatewayError, TokenUnavailable
from credentials.auth.base import AuthConfig
from credentials.auth.oauth import OAuthBackend
from credentials.auth.token_request import read_token
from credentials.auth.tokens import TOKENS
from tests.credentials.conftest import TOKEN_URL, URL
from tests.credentials.vectors import NOW, VECTORS, rows

BODY = '{"grant_type":"client_credentials","client_id":"id-1","client_secret":"s/c+r=t"}'


def auth(key: str = "c:1", **values: str) -> OAuthBackend:
    return OAuthBackend(AuthConfig(**{"key": key, "oauth_url": TOKEN_URL, "oauth_body": BODY, **values}))


def sign(backend: OAuthBackend, url: str = URL) -> str:
    request = requests.Request("POST", url, data=b"x").prepare()
    header = backend(request).headers["Authorization"]
    assert request.url == url
    return header


def give(wire: responses.RequestsMock, *tokens: str, **answer: Any) -> None:
    for token in tokens:
        wire.post(TOKEN_URL, json={"access_token": token, "expires_in": 3600, **answer})


def calls(wire: responses.RequestsMock) -> int:
    return len(wire.calls)


def test_a_form_request_carries_the_members_as_rfc_6749_has_them(wire: responses.RequestsMock) -> None:
    give(wire, "T1")
    body = json.dumps({**json.loads(BODY), "scope": ["sms", "mms"], "audience": "größe&x"})
    assert sign(auth(oauth_body=body)) == "Bearer T1"
    request = wire.calls[0].request
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers
    assert parse_qs(request.body) == {
        "grant_type": ["client_credentials"],
        "client_id": ["id-1"],
        "client_secret": ["s/c+r=t"],
        "scope": ["sms mms"],
        "audience": ["größe&x"],
    }


def test_members_named_like_options_of_the_library_travel_as_members(wire: responses.RequestsMock) -> None:
    give(wire, "T1")
    body = '{"grant_type":"password","username":"u","password":"p","verify":false,"method":"GET","auth":"x"}'
    sign(auth(oauth_body=body))
    request = wire.calls[0].request
    assert request.method == "POST"
    assert parse_qs(request.body) == {
        "grant_type": ["password"], "username": ["u"], "password": ["p"],
        "verify": ["false"], "method": ["GET"], "auth": ["x"],
    }  # fmt: skip


@pytest.mark.parametrize("row", rows("oauth", "token_requests"))
def test_token_request_vectors(row: dict[str, Any], wire: responses.RequestsMock) -> None:
    give(wire, "T1")
    sign(auth(oauth_body=row["oauth_body"], oauth_encoding=row["config"]["encoding"]))
    request, expected = wire.calls[0].request, row["expected"]
    assert request.method == expected["method"]
    assert request.headers["Content-Type"] == expected["content_type"]
    assert json.loads(request.body) == expected["body"]


@pytest.mark.parametrize("row", rows("oauth", "token_responses"))
def test_token_response_vectors(row: dict[str, Any]) -> None:
    expected = row["expected"]
    read = {"status": row["status"], "body": row["body"], "received_at": row["received_at"]}
    if "error" in expected:
        error = TokenUnavailable if expected["retry"] else AuthenticationFailed
        with pytest.raises(error, match=expected["error"]):
            read_token(**read)
        return
    answer = read_token(**read)
    assert answer.token == expected["token"]
    if "expires_at" in expected:
        assert answer.expires_at == expected["expires_at"]
    assert answer.token_type == expected.get("token_type", "bearer")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, "", TokenUnavailable),
        (401, '{"error":"invalid_client"}', AuthenticationFailed),
        (302, "", AuthenticationFailed),
        (200, "<html>", AuthenticationFailed),
        (200, "[1]", AuthenticationFailed),
        (200, '{"access_token": 5}', AuthenticationFailed),
        (200, '{"access_token": "a b"}', AuthenticationFailed),
        (200, "[" * 50_000, AuthenticationFailed),
    ],
)
@pytest.mark.parametrize("encoding", ["form", "json"])
def test_answers_without_a_token_become_clear_errors(
    status: int, body: str, error: type[GatewayError], encoding: str, wire: responses.RequestsMock
) -> None:
    wire.post(TOKEN_URL, status=status, body=body, headers={"Location": "https://other.example.com/"})
    with pytest.raises(error, match="OAuth URL"):
        sign(auth(oauth_encoding=encoding))
    assert calls(wire) == 1


@pytest.mark.parametrize("lifetime", [None, "soon", [], {}])
def test_an_unsaid_or_odd_lifetime_is_kept_for_a_short_while(
    lifetime: Any, wire: responses.RequestsMock
) -> None:
    give(wire, "T1", "T2", expires_in=lifetime)
    with time_machine.travel(NOW, tick=False) as clock:
        assert [sign(auth()), sign(auth())] == ["Bearer T1", "Bearer T1"]
        clock.shift(301)
        assert sign(auth()) == "Bearer T2"


@pytest.mark.parametrize(("lifetime", "kept"), [("3600", 3569), (20, 17)])
def test_a_token_is_renewed_shortly_before_it_expires(
    lifetime: Any, kept: int, wire: responses.RequestsMock
) -> None:
    give(wire, "T1", "T2", expires_in=lifetime)
    with time_machine.travel(NOW, tick=False) as clock:
        sign(auth())
        clock.shift(kept)
        assert sign(auth()) == "Bearer T1"
        clock.shift(2)
        assert sign(auth()) == "Bearer T2"


def test_a_token_without_lifetime_is_used_once(wire: responses.RequestsMock) -> None:
    give(wire, "T1", "T2", expires_in=0)
    with time_machine.travel(NOW, tick=False):
        assert [sign(auth()), sign(auth())] == ["Bearer T1", "Bearer T2"]


def test_another_revision_has_its_own_token(wire: responses.RequestsMock) -> None:
    give(wire, "T1", "T2")
    assert [sign(auth("c:1")), sign(auth("c:2")), sign(auth("c:1"))] == [
        "Bearer T1", "Bearer T2", "Bearer T1",
    ]  # fmt: skip


def test_refresh_drops_the_token_that_was_refused_and_no_newer_one(wire: responses.RequestsMock) -> None:
    give(wire, "T1", "T2", "T3")
    old = auth()(requests.Request("POST", URL).prepare())
    assert auth().refresh(old)
    assert sign(auth()) == "Bearer T2"
    assert auth().refresh(old)
    assert sign(auth()) == "Bearer T2"


def test_many_threads_fetch_once(wire: responses.RequestsMock) -> None:
    def slow(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        time.sleep(0.2)
        return 200, {}, '{"access_token": "T1", "expires_in": 60}'

    wire.add_callback(responses.POST, TOKEN_URL, callback=slow)
    backend, start = auth(), threading.Barrier(12)

    def one() -> str:
        start.wait()
        return sign(backend)

    with ThreadPoolExecutor(12) as pool:
        headers = [future.result() for future in [pool.submit(one) for _ in range(12)]]
    assert set(headers) == {"Bearer T1"}
    assert calls(wire) == 1


def test_threads_that_wait_share_the_failure(wire: responses.RequestsMock) -> None:
    arrived = threading.Event()

    def failing(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        arrived.set()
        time.sleep(0.3)
        return 503, {}, "busy"

    wire.add_callback(responses.POST, TOKEN_URL, callback=failing)
    backend = auth()

    def one() -> str:
        with pytest.raises(TokenUnavailable) as caught:
            sign(backend)
        return caught.value.text

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(one)
        arrived.wait(5)
        others = [pool.submit(one) for _ in range(5)]
        texts = {future.result() for future in [first, *others]}
    assert len(texts) == 1
    assert calls(wire) == 1


def test_plain_http_is_for_private_hosts_only(wire: responses.RequestsMock, settings: Any) -> None:
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({"127.0.0.1:8900"})
    wire.post("http://127.0.0.1:8900/token", json={"access_token": "T1"})
    local = auth(oauth_url="http://127.0.0.1:8900/token", provider_url="http://127.0.0.1:8900/send")
    assert local.problems() == []
    assert sign(local, "http://127.0.0.1:8900/send") == "Bearer T1"
    assert wire.calls[0].request.url == "http://127.0.0.1:8900/token"
    with pytest.raises(AuthenticationFailed, match="https"):
        sign(local, "http://provider.example.com/send")
    public = auth("c:2", oauth_url="http://provider.example.com/token", provider_url="http://p.example.com/")
    assert [problem.field for problem in public.problems()] == ["oauth_url", "provider_url"]
    with pytest.raises(AuthenticationFailed, match="https"):
        sign(public)


@pytest.mark.parametrize("encoding", ["form", "json"])
@pytest.mark.parametrize("url", ["https://169.254.169.254/token", "https://10.0.0.1/token"])
def test_the_token_request_is_guarded_like_every_other(url: str, encoding: str) -> None:
    with pytest.raises(AddressRefused):
        sign(auth(oauth_url=url, oauth_encoding=encoding))


@pytest.mark.parametrize("encoding", ["form", "json"])
def test_an_unreachable_token_endpoint_is_temporary(encoding: str, wire: responses.RequestsMock) -> None:
    wire.post(TOKEN_URL, body=requests.ConnectTimeout())
    with pytest.raises(TokenUnavailable):
        sign(auth(oauth_encoding=encoding))


def test_the_api_token_can_be_used_in_the_body(wire: responses.RequestsMock) -> None:
    give(wire, "T1")
    body = '{"client_id": "{{providerAppId}}", "client_secret": "{{ apiToken }}"}'
    backend = auth(oauth_body=body, api_token="secret-token", provider_app_id="app")
    sign(backend)
    sent = parse_qs(wire.calls[0].request.body)
    assert (sent["client_id"], sent["client_secret"]) == (["app"], ["secret-token"])
    assert "secret-token" in backend.secrets()


def test_nothing_secret_is_logged(wire: responses.RequestsMock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="")
    give(wire, "issued-token")
    sign(auth())
    assert "issued-token" not in caplog.text
    assert "s/c+r=t" not in caplog.text


@pytest.mark.parametrize("body", ["", "{", '["a"]', "{}", '{"a": Infinity}'])
def test_a_body_that_is_no_object_is_refused(body: str) -> None:
    assert [problem.field for problem in auth(oauth_body=body).problems()] == ["oauth_body"]


def test_mac_tokens_are_refused_with_advice(wire: responses.RequestsMock) -> None:
    give(wire, "T1", token_type="mac")
    with pytest.raises(AuthenticationFailed, match="bearer"):
        sign(auth())


def test_the_cache_is_bounded() -> None:
    from credentials.auth.tokens import Token, TokenCache

    cache = TokenCache(size=3)
    for number in range(10):
        cache.get(str(number), lambda: Token("t", time.time() + 60))
    assert cache.peek("9") is not None
    assert cache.peek("0") is None


def test_sequences_are_all_played_somewhere() -> None:
    assert {row["id"] for row in VECTORS["oauth"]["sequences"]} == {
        "oauth-seq-1", "oauth-seq-3", "oauth-seq-4", "oauth-seq-6",
    }  # fmt: skip
    assert TOKENS.peek("c:1") is None
