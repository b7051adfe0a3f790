from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest
import requests
import responses
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import AnswerLost, ConnectionFailed
from core.secrets import MASK
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange, ProviderClient, client_for
from credentials.endpoints import create_endpoint, rotate, set_enabled, url_of
from credentials.loading import spec_of
from credentials.models import ApiCredential, CredentialVariable, RequestHeader, ResponseRule
from tests.credentials.conftest import TOKEN_URL, URL, make_credential, send, sends

pytestmark = pytest.mark.django_db
OAUTH = {
    "auth_type": "oauth",
    "oauth_url": TOKEN_URL,
    "oauth_body": '{"client_id": "shop", "client_secret": "very-secret-value"}',
}


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
        {"auth_type": "basic", "auth_username": "user", "auth_password": "tok-123456"},
        {"auth_type": "bearer"},
        {"key_location": "body", "key_name": "key", "key_prefix": ""},
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


def test_a_refused_address_may_be_another_one_in_a_minute() -> None:
    """The DNS answered so: a form takes no such address."""
    result = send(make_credential(provider_url="https://10.0.0.7/send")).result
    assert (result.outcome, result.code) == (Outcome.TEMPORARY, "address_refused")


@pytest.mark.parametrize(
    ("values", "code", "failure"),
    [
        ({"payload": "{"}, "template_invalid", FailureClass.CONFIGURATION),
        ({"payload": '{"to": "{{profile.none}}"}'}, "variable_missing", FailureClass.CONFIGURATION),
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


def test_nothing_leaves_when_before_request_stops_the_first(wire: responses.RequestsMock) -> None:
    def before() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        send(make_credential(), before_request=before)
    assert not wire.calls


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


def test_callback_tokens_are_masked_in_the_record_and_nowhere_else(wire: responses.RequestsMock) -> None:
    credential = make_credential()
    client_for(credential.pk)
    used, other = (create_endpoint(credential=credential) for _ in range(2))
    set_enabled(endpoint=other, enabled=False)
    echo = {"error": {"code": used.token, "message": f"cannot reach {url_of(used)} or {url_of(other)}"}}
    wire.post(URL, status=400, json=echo, headers={"X-Callback": url_of(used)})
    exchange = send(credential)
    assert used.token in wire.calls[0].request.body.decode()
    record = json.dumps([exchange.request, exchange.response, exchange.result.code, exchange.result.detail])
    assert used.token not in record
    assert other.token not in record
    assert json.loads(exchange.request["body"])["callbackUrl"] == url_of(used).replace(used.token, MASK)
    rotate(endpoint=other)
    assert other.token in client_for(credential.pk)._secrets


def test_a_gone_credential_says_so() -> None:
    credential = make_credential()
    pk = credential.pk
    credential.delete()
    with pytest.raises(ApiCredential.DoesNotExist):
        client_for(pk)


def test_each_thread_has_its_own_session() -> None:
    client = ProviderClient(spec_of(make_credential()))
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


@pytest.mark.parametrize(
    ("status", "body", "judged_by"),
    [
        (503, "x", "Response rule 1 (500-599: the answer is there): Try again later"),
        (200, '{"status": "9"}', "Response rule 2 (status is none of 0, {{fine}}): Failed for good"),
        (200, '{"status": "hush-fine"}', ""),
        (200, '{"status": 0}', ""),
    ],
)
def test_the_rule_that_judged_is_told_without_the_values_of_variables(
    wire: responses.RequestsMock, status: int, body: str, judged_by: str
) -> None:
    wire.post(URL, status=status, body=body, content_type="application/json")
    credential = make_credential()
    CredentialVariable.objects.create(credential=credential, name="fine", value="hush-fine", secret=True)
    ResponseRule.objects.create(
        credential=credential, statuses="500-599", test="present", outcome="temporary"
    )
    ResponseRule.objects.create(
        credential=credential, path="status", test="none_of", values="0\n{{fine}}", position=1
    )
    exchange = send(credential)
    assert exchange.judged_by == judged_by
    assert "hush" not in exchange.judged_by
