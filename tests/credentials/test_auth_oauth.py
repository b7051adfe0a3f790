from __future__ import annotations

import base64
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

from core.errors import (
    AddressRefused,
    AuthenticationFailed,
    GatewayError,
    TokenEncodingRefused,
    TokenUnavailable,
)
from credentials.auth.base import AuthConfig
from credentials.auth.oauth import OAuthBackend
from credentials.auth.token_request import read_token
from credentials.auth.tokens import TOKENS
from tests.credentials.conftest import TOKEN_URL, URL
from tests.credentials.vectors import NOW, rows

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
    settings = {f"oauth_{name}": value for name, value in row["config"].items()}
    backend = auth(oauth_body=row["oauth_body"], **settings)
    assert backend.problems() == []
    sign(backend)
    request, expected = wire.calls[0].request, row["expected"]
    assert request.method == expected["method"]
    assert request.headers["Content-Type"] == expected["content_type"]
    sent = request.body if isinstance(expected["body"], str) else json.loads(request.body)
    assert (sent.decode() if isinstance(sent, bytes) else sent) == expected["body"]
    headers = {name: request.headers[name] for name in expected["headers"]}
    assert headers == expected["headers"]


@pytest.mark.parametrize(
    ("client_auth", "pair"),
    [("basic", "id%3A1:p%26+%C3%A9"), ("basic_raw", "id:1:p& é")],
)
@pytest.mark.parametrize(("encoding", "empty"), [("form", b""), ("json", b"{}")])
def test_a_login_by_basic_leaves_nothing_in_the_body(
    client_auth: str, pair: str, encoding: str, empty: bytes, wire: responses.RequestsMock
) -> None:
    give(wire, "T1")
    backend = auth(
        oauth_body='{"client_id": "id:1", "client_secret": "p& é"}',
        oauth_client_auth=client_auth,
        oauth_encoding=encoding,
    )
    assert backend.problems() == []
    assert sign(backend) == "Bearer T1"
    request = wire.calls[0].request
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(pair.encode()).decode()}"
    assert (request.body or b"") == empty


def test_further_fields_travel_beside_a_client_in_the_header(wire: responses.RequestsMock) -> None:
    give(wire, "T1")
    body = json.dumps({**json.loads(BODY), "scope": ["sms", "mms"], "audience": "a&b"})
    sign(auth(oauth_body=body, oauth_client_auth="basic"))
    sent = parse_qs(wire.calls[0].request.body.decode())
    assert sent == {"grant_type": ["client_credentials"], "scope": ["sms mms"], "audience": ["a&b"]}


@pytest.mark.parametrize("client_auth", ["basic", "basic_raw"])
def test_a_client_in_the_header_needs_id_and_secret(client_auth: str) -> None:
    problems = auth(oauth_body='{"scope": "sms"}', oauth_client_auth=client_auth).problems()
    assert [(problem.field, "client_id, client_secret" in problem.text) for problem in problems] == [
        ("oauth_body", True)
    ]


@pytest.mark.parametrize("row", rows("oauth", "token_responses"))
def test_token_response_vectors(row: dict[str, Any]) -> None:
    expected = row["expected"]
    read = {"status": row["status"], "body": row["body"].encode(), "received_at": row["received_at"]}
    read |= row.get("config", {})
    if "error" in expected:
        error = TokenUnavailable if expected["retry"] else AuthenticationFailed
        with pytest.raises(error, match=expected["error"]):
            read_token(**read)
        return
    answer = read_token(**read)
    assert answer.token == expected["token"]
    if "header" in expected:
        assert f"Bearer {answer.token}" == expected["header"]
    if "expires_at" in expected:
        assert answer.expires_at == expected["expires_at"]
    assert answer.token_type == expected.get("token_type", "bearer")


@pytest.mark.parametrize(
    ("body", "headers", "paths"),
    [
        (b'{"data": [{"jwt": "T1"}]}', {}, {"token_path": "data[0].jwt"}),
        (b"<r><token>T1</token></r>", {}, {"token_path": "/r/token"}),
        (b"OK: T1 for you", {}, {"token_path": "regex:OK: (\\S+)"}),
        (b"", {"X-Auth-Token": "T1"}, {"token_path": "header:X-Auth-Token"}),
    ],
)
def test_the_token_is_read_where_the_provider_puts_it(
    body: bytes, headers: dict[str, str], paths: dict[str, str]
) -> None:
    assert read_token(status=200, body=body, headers=headers, received_at=NOW, **paths).token == "T1"


def test_paths_are_followed_in_the_whole_answer(wire: responses.RequestsMock) -> None:
    answer = {"json": {"until": "2026-01-01T00:10:00+00:00"}, "headers": {"X-Token": "T1"}}
    wire.post(TOKEN_URL, **answer)
    with time_machine.travel(NOW, tick=False) as clock:
        for encoding in ("form", "json"):
            backend = auth(
                encoding,
                oauth_encoding=encoding,
                oauth_token_path="header:X-Token",
                oauth_expiry_path="until",
            )
            assert sign(backend) == "Bearer T1"
        clock.shift(560)
        assert TOKENS.peek("form").fresh()
        clock.shift(20)
        assert not TOKENS.peek("json").fresh()


@pytest.mark.parametrize(
    ("said", "expires_at"),
    [
        (60, NOW + 60),
        ("60", NOW + 60),
        (" 60.5 ", NOW + 60.5),
        (-5, NOW),
        (NOW + 90, NOW + 90),
        ((NOW + 90) * 1000, NOW + 90),
        ("2026-01-01T00:01:30Z", NOW + 90),
        ("2026-01-01T02:01:30+02:00", NOW + 90),
        ("2026-01-01 00:01:30", NOW + 90),
        ("NaN", None),
        ("tomorrow", None),
        ({}, None),
    ],
)
def test_a_lifetime_may_be_a_number_a_text_or_a_moment(said: Any, expires_at: float | None) -> None:
    body = json.dumps({"access_token": "T1", "expires_in": said}).encode()
    assert read_token(status=200, body=body, received_at=NOW).expires_at == expires_at


@pytest.mark.parametrize("field", ["oauth_token_path", "oauth_expiry_path"])
def test_a_path_that_cannot_be_followed_is_refused(field: str) -> None:
    assert [problem.field for problem in auth(**{field: "a[b"}).problems()] == [field]


@pytest.mark.parametrize("status", [400, 415])
@pytest.mark.parametrize(
    ("encoding", "sent", "other"),
    [("form", "as a form", "json"), ("json", "as JSON", "form")],
)
@pytest.mark.parametrize("client_auth", ["body", "basic"])
def test_a_refused_request_names_how_it_was_sent_and_offers_the_other_way(
    status: int, encoding: str, sent: str, other: str, client_auth: str, wire: responses.RequestsMock
) -> None:
    wire.post(TOKEN_URL, status=status, json={"error": "invalid_request"})
    backend = auth(oauth_encoding=encoding, oauth_client_auth=client_auth)
    with pytest.raises(TokenEncodingRefused, match=sent) as caught:
        sign(backend)
    assert (caught.value.other, caught.value.param) == (other, "oauth_encoding")
    assert "invalid_request" in caught.value.text


def test_a_refused_client_is_not_a_matter_of_encoding(wire: responses.RequestsMock) -> None:
    wire.post(TOKEN_URL, status=401, json={"error": "invalid_client"})
    with pytest.raises(AuthenticationFailed) as caught:
        sign(auth())
    assert not isinstance(caught.value, TokenEncodingRefused)


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
        return 415, {}, "no"

    wire.add_callback(responses.POST, TOKEN_URL, callback=failing)
    backend = auth()

    def one() -> tuple[str, str]:
        with pytest.raises(TokenEncodingRefused) as caught:
            sign(backend)
        return caught.value.text, caught.value.other

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(one)
        arrived.wait(5)
        others = [pool.submit(one) for _ in range(5)]
        told = {future.result() for future in [first, *others]}
    assert [other for _, other in told] == ["json"]
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
