from __future__ import annotations

import json
from typing import Any

import pytest
import responses
import time_machine

from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange
from credentials.models import ApiCredential
from tests.credentials.conftest import TOKEN_URL, URL, make_credential, send, sends
from tests.credentials.vectors import NOW, rows

pytestmark = pytest.mark.django_db
OAUTH = {
    "auth_type": "oauth",
    "oauth_url": TOKEN_URL,
    "oauth_body": '{"client_id": "shop", "client_secret": "very-secret-value"}',
}


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
