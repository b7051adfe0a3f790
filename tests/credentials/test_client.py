from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest
import requests
import responses
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import AnswerLost, ConnectionFailed
from core.secrets import MASK
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange, ProviderClient, client_for
from credentials.endpoints import create_endpoint, rotate, set_enabled, url_of
from credentials.models import ApiCredential, RequestHeader
from tests.credentials.conftest import CONTEXT, TOKEN_URL, URL, make_credential
from tests.credentials.vectors import NOW, rows

pytestmark = pytest.mark.django_db
OAUTH = {
    "auth_type": "oauth",
    "oauth_url": TOKEN_URL,
    "oauth_body": '{"client_id": "shop", "client_secret": "very-secret-value"}',
}


def send(credential: ApiCredential, **options: Any) -> Exchange:
    return client_for(credential.pk).send(CONTEXT, **options)


def sends(wire: responses.RequestsMock) -> list[requests.PreparedRequest]:
    return [call.request for call in wire.calls if call.request.url.startswith(URL)]


def test_a_message_is_posted_signed_and_its_id_kept(wire: responses.RequestsMock) -> None:
    wire.post(URL, status=202, json={"messageId": "p-1", "status": "accepted"})
    exchange = send(make_credential(), before_request=None)
    assert (exchange.result.outcome, exchange.result.provider_id) == (Outcome.ACCEPTED, "p-1")
    request = wire.calls[0].request
    assert request.headers["Authorization"] == "Bearer tok-123456"
    assert json.loads(request.body)["content"] == "Hello"
    assert exchange.response["status"] == 202


def test_records_are_masked_also_where_the_provider_repeats_a_secret(wire: responses.RequestsMock) -> None:
    secret = "hush-hush-secret"
    echoed = {"error": {"code": f"bad {secret}", "message": f"key tok-123456 and {secret}"}}
    wire.post(URL, status=400, json=echoed, headers={"Set-Cookie": "session=1", "X-Note": f"{secret} seen"})
    payload = '{"to": "{{toNumber}}", "text": "{{message}}", "key": "{{apiToken}}"}'
    credential = make_credential({"X-Plain": "shown"}, payload=payload)
    RequestHeader.objects.create(credential=credential, name="X-Extra", value=secret, secret=True)
    exchange = send(credential)
    sent = wire.calls[0].request
    assert sent.headers["X-Extra"] == secret
    assert json.loads(sent.body)["key"] == "tok-123456"
    text = json.dumps([exchange.request, exchange.response, exchange.result.code, exchange.result.detail])
    assert secret not in text
    assert "tok-123456" not in text
    assert "session=1" not in text
    assert exchange.request["headers"]["Authorization"] == f"Bearer {MASK}"
    assert exchange.request["headers"]["X-Extra"] == MASK
    assert exchange.request["headers"]["X-Plain"] == "shown"
    assert exchange.request["headers"]["Content-Type"] == "application/json; charset=UTF-8"
    assert exchange.result.detail == f"key {MASK} and {MASK}"


@pytest.mark.parametrize(
    "values",
    [
        {"key_location": "query", "key_name": "apiKey", "key_prefix": ""},
        {"key_location": "header", "key_name": "X-Whatever", "key_prefix": ""},
        {"key_location": "basic", "key_name": "user"},
        {"auth_type": "mac", "api_secret_key": "mac-secret-key"},
        {"auth_type": "jwt", "api_token": "tok-123456" * 5, "jwt_payload": "{}"},
        OAUTH,
    ],
)
def test_no_auth_type_leaves_a_secret_in_the_record(
    values: dict[str, str], wire: responses.RequestsMock
) -> None:
    wire.post(TOKEN_URL, json={"access_token": "issued-token-1", "expires_in": 60})
    wire.post(URL, json={"id": "1"})
    exchange = send(make_credential(**values))
    signed = sends(wire)[0]
    record = json.dumps([exchange.request, exchange.response], ensure_ascii=False)
    for secret in ("tok-123456", "mac-secret-key", "very-secret-value", "issued-token-1"):
        assert secret not in record
    assert signed.headers.get("Authorization", MASK) not in record or "Authorization" not in signed.headers
    assert exchange.result.outcome == Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        (ConnectionFailed("nobody there"), Outcome.TEMPORARY, "connection_failed"),
        (AnswerLost("gone"), Outcome.UNKNOWN, "answer_lost"),
        (requests.ConnectTimeout(), Outcome.TEMPORARY, "connection_failed"),
        (requests.ReadTimeout(), Outcome.UNKNOWN, "answer_lost"),
    ],
)
def test_network_faults_become_results(
    fault: Exception, outcome: Outcome, code: str, wire: responses.RequestsMock
) -> None:
    wire.post(URL, body=fault)
    result = send(make_credential()).result
    assert (result.outcome, result.code) == (outcome, code)


@pytest.mark.parametrize(
    ("values", "code", "failure"),
    [
        ({"payload": "{"}, "template_invalid", FailureClass.CONFIGURATION),
        ({"payload": '{"to": "{{profile.none}}"}'}, "variable_missing", FailureClass.CONFIGURATION),
        ({"provider_url": "https://10.0.0.7/send"}, "address_refused", FailureClass.CONFIGURATION),
        ({"provider_url": "nonsense"}, "configuration_invalid", FailureClass.CONFIGURATION),
        ({"auth_type": "gone"}, "configuration_invalid", FailureClass.CONFIGURATION),
        ({"auth_type": "jwt", "jwt_payload": '{"exp": 1500000000}'}, "authentication_failed", FailureClass.AUTH),
        ({"auth_type": "oauth", "oauth_url": "http://p.example.com"}, "authentication_failed", FailureClass.AUTH),
        ({"api_token": "two\nlines"}, "authentication_failed", FailureClass.AUTH),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_become_results(
    values: dict[str, str], code: str, failure: FailureClass
) -> None:
    result = send(make_credential(**values)).result
    assert (result.outcome, result.code, result.failure) == (Outcome.FAILED, code, failure)
    assert result.detail


def test_a_secret_that_does_not_open_pauses_rather_than_losing_messages() -> None:
    credential = make_credential()
    other = make_credential()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE credentials_apicredential SET api_token ="
            " (SELECT api_token FROM credentials_apicredential WHERE name = %s) WHERE name = %s",
            [other.name, credential.name],
        )
    result = send(credential).result
    assert (result.outcome, result.failure) == (Outcome.FAILED, FailureClass.AUTH)
    assert result.code == "secret_unreadable"


def play(wire: responses.RequestsMock, row: dict[str, Any]) -> tuple[list[Exchange], ApiCredential]:
    credential = make_credential(**OAUTH)
    tokens = iter(range(1, 10))
    wire.add_callback(
        responses.POST,
        TOKEN_URL,
        callback=lambda _: (
            200,
            {},
            json.dumps({"access_token": f"token-{next(tokens)}", "expires_in": row["token_lifetime"]})
            if "token_lifetime" in row
            else json.dumps({"access_token": f"token-{next(tokens)}", "expires_in": 3600}),
        ),
    )
    refusals: list[bool] = []
    wire.add_callback(
        responses.POST,
        URL,
        callback=lambda _: (401, {}, "{}") if refusals and refusals.pop() else (202, {}, '{"id": "1"}'),
    )
    exchanges = []
    for event, seconds in row["steps"]:
        with time_machine.travel(NOW + seconds, tick=False):
            refusals[:] = {"provider_401": [True], "provider_401_twice": [True, True]}.get(event, [])
            if event == "edit_secret":
                credential.oauth_body = '{"client_id": "shop", "client_secret": "another"}'
                credential.save()
            else:
                exchanges.append(send(credential))
    return exchanges, credential


@pytest.mark.parametrize("row", rows("oauth", "sequences"))
def test_oauth_sequences(row: dict[str, Any], wire: responses.RequestsMock) -> None:
    exchanges, _ = play(wire, row)
    token_calls = [call for call in wire.calls if call.request.url == TOKEN_URL]
    assert len(token_calls) == row["expected_token_calls"]
    if "expected_sends" in row:
        assert len(sends(wire)) == row["expected_sends"]
    last = exchanges[-1].result
    if row.get("expected_result") == "auth_failed":
        assert (last.outcome, last.failure) == (Outcome.FAILED, FailureClass.AUTH)
    else:
        assert last.outcome == Outcome.ACCEPTED


def test_the_repeat_after_a_401_is_built_and_asked_for_anew(wire: responses.RequestsMock) -> None:
    asked: list[int] = []
    play(wire, {"steps": [["send", 0]]})
    wire.reset()
    wire.post(TOKEN_URL, json={"access_token": "fresh-token"})
    wire.post(URL, status=401)
    wire.post(URL, status=202, json={"id": "2"})
    exchange = send(make_credential(**OAUTH), before_request=lambda: asked.append(1))
    assert exchange.result.provider_id == "2"
    assert len(asked) == 2


def test_before_request_may_stop_the_repeat(wire: responses.RequestsMock) -> None:
    wire.post(TOKEN_URL, json={"access_token": "a-token"})
    wire.post(URL, status=401)

    class OptedOut(Exception):
        pass

    def before() -> None:
        if sends(wire):
            raise OptedOut

    with pytest.raises(OptedOut):
        send(make_credential(**OAUTH), before_request=before)
    assert len(sends(wire)) == 1


def test_nothing_leaves_when_before_request_stops_the_first(wire: responses.RequestsMock) -> None:
    def before() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        send(make_credential(), before_request=before)
    assert not wire.calls


def test_a_refused_key_is_not_tried_twice(wire: responses.RequestsMock) -> None:
    wire.post(URL, status=401, json={"error": {"code": "bad_key", "message": "Key?"}})
    result = send(make_credential()).result
    assert (result.failure, result.code) == (FailureClass.AUTH, "bad_key")
    assert len(wire.calls) == 1


def test_an_unavailable_token_is_temporary_and_nothing_is_sent(wire: responses.RequestsMock) -> None:
    wire.post(TOKEN_URL, status=503)
    exchange = send(make_credential(**OAUTH))
    assert (exchange.result.outcome, exchange.result.code) == (Outcome.TEMPORARY, "token_unavailable")
    assert (exchange.request, exchange.response) == ({}, {})


def test_the_client_is_kept_until_the_credential_or_its_callback_url_changes() -> None:
    credential = make_credential()
    first = client_for(credential.pk)
    with CaptureQueriesContext(connection) as queries:
        assert client_for(credential.pk) is first
    assert len(queries) == 1
    endpoint = create_endpoint(credential=credential)
    second = client_for(credential.pk)
    assert second is not first
    rotate(endpoint=endpoint)
    third = client_for(credential.pk)
    assert third is not second
    set_enabled(endpoint=endpoint, enabled=False)
    fourth = client_for(credential.pk)
    assert fourth is not third
    credential.save()
    assert client_for(credential.pk) is not fourth


def test_the_callback_url_of_the_first_enabled_endpoint_is_a_variable(wire: responses.RequestsMock) -> None:
    wire.post(URL, json={"id": "1"})
    credential = make_credential()
    set_enabled(endpoint=create_endpoint(credential=credential), enabled=False)
    send(credential)
    endpoint = create_endpoint(credential=credential)
    send(credential)
    bodies = [json.loads(request.body) for request in sends(wire)]
    assert "callbackUrl" not in bodies[0]
    assert bodies[1]["callbackUrl"] == url_of(endpoint)


def test_a_gone_credential_says_so() -> None:
    credential = make_credential()
    pk = credential.pk
    credential.delete()
    with pytest.raises(ApiCredential.DoesNotExist):
        client_for(pk)


def test_each_thread_has_its_own_session() -> None:
    client = ProviderClient(make_credential())
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(client._session())) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    assert len({id(session) for session in found}) == 3
    assert client._session() is client._session()


def test_against_a_real_socket_an_unused_port_is_temporary(settings: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({place})
    result = send(make_credential(provider_url=f"http://{place}/send")).result
    assert (result.outcome, result.code) == (Outcome.TEMPORARY, "connection_failed")


def test_a_lost_attempt_is_unknown() -> None:
    assert Exchange.lost("internal_error").result.outcome == Outcome.UNKNOWN
