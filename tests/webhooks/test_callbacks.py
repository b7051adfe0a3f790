from __future__ import annotations

import json
import threading
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connection, connections
from django.test import Client

from consent.models import ConsentEvent
from messaging.models import ChannelConfiguration, Message, ParkedReport
from messaging.states import State
from tests.webhooks.conftest import (
    PERSON,
    SENDER,
    Post,
    accepted,
    inbound,
    make_channel,
    make_credential,
    only_request,
    path_of,
    replies,
)
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.services import create_webhook, set_enabled

REPORT = {"type": "delivery_report", "messageId": "p1", "clientReference": "", "to": PERSON}


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"\xff\xfe\x00", "JSON"), (b'{"a": 1}', "neither sample"), (b'{"text": ', "JSON")],
)
def test_an_unreadable_body_is_kept_and_answered_200(post: Post, body: bytes, says: str) -> None:
    assert post(body).status_code == 200
    request = only_request()
    assert (request.state, request.raw_body) == (RequestState.QUARANTINED, body)
    assert says in request.reason


def test_the_raw_callback_is_sealed_and_its_secrets_are_masked(post: Post) -> None:
    post(inbound("STOP 4711"), HTTP_AUTHORIZATION="Basic c2VjcmV0", HTTP_X_REQUEST_ID="r1")
    request = only_request()
    assert "4711" in request.body
    assert request.headers["Authorization"] == "••••••"
    assert request.headers["X-Request-Id"] == "r1"
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM webhooks_inboundrequest")
        assert cursor.fetchone()[0].startswith("v1:")


def test_an_empty_call_is_no_fault(client: Client, webhook: Webhook) -> None:
    assert client.get(path_of(webhook)).status_code == 200
    assert only_request().state == RequestState.IGNORED


def test_a_query_is_read_like_a_body(client: Client, webhook: Webhook) -> None:
    client.get(path_of(webhook), {"from": PERSON, "to": SENDER, "text": "STOP", "id": "q1"})
    assert InboundMessage.objects.get().intent == "opt_out"


REPORTED = [("DELIVERED", State.DELIVERED), ("SENT", State.SENT), ("EXPIRED", State.EXPIRED)]


@pytest.mark.parametrize(("status", "state"), REPORTED)
def test_a_report_moves_its_message(
    post: Post, channel: ChannelConfiguration, status: str, state: State
) -> None:
    message = accepted(channel)
    assert post({**REPORT, "status": status}).status_code == 200
    assert Message.objects.get(pk=message.pk).state == state
    assert only_request().state == RequestState.PROCESSED


def test_a_report_is_found_by_our_own_reference(post: Post, channel: ChannelConfiguration) -> None:
    message = accepted(channel)
    post({**REPORT, "messageId": "", "clientReference": str(message.pk), "status": "delivered"})
    assert Message.objects.get(pk=message.pk).state == State.DELIVERED


def test_a_report_before_its_message_is_known_is_parked(post: Post) -> None:
    assert post({**REPORT, "status": "DELIVERED"}).status_code == 200
    assert ParkedReport.objects.get().provider_id == "p1"
    assert "waits" in only_request().reason


def test_a_report_of_another_credential_changes_nothing(post: Post) -> None:
    message = accepted(make_channel(make_credential("Other"), "other", "+14155550177"))
    post({**REPORT, "status": "DELIVERED"})
    assert Message.objects.get(pk=message.pk).state == State.ACCEPTED


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [("GLORIOUS", RequestState.QUARANTINED, "GLORIOUS"), ("queued", RequestState.PROCESSED, "no progress")],
)
def test_unknown_status_words_are_shown_to_staff_and_others_pass(
    post: Post, channel: ChannelConfiguration, status: str, state: str, says: str
) -> None:
    message = accepted(channel)
    post({**REPORT, "status": status})
    request = only_request()
    assert request.state == state
    assert says in request.reason
    assert Message.objects.get(pk=message.pk).state == State.ACCEPTED


def test_a_report_takes_few_queries(
    post: Post, channel: ChannelConfiguration, django_assert_max_num_queries: Any
) -> None:
    accepted(channel)
    with django_assert_max_num_queries(18):
        post({**REPORT, "status": "DELIVERED"})


def test_our_own_fault_is_a_500_and_the_callback_is_kept(post: Post) -> None:
    with patch("webhooks.acting.answering.accept", side_effect=ZeroDivisionError):
        assert post(inbound("STOP")).status_code == 500
    request = only_request()
    assert (request.state, InboundMessage.objects.count()) == (RequestState.RECEIVED, 0)
    assert "ZeroDivisionError" in request.reason
    assert post(inbound("STOP")).status_code == 200
    assert ConsentEvent.objects.count() == 1


def test_the_database_down_is_a_503(post: Post) -> None:
    with patch("webhooks.lookup.endpoints.find", side_effect=DatabaseError):
        assert post(inbound("STOP")).status_code == 503
    with patch("webhooks.receiving.insert", side_effect=DatabaseError):
        assert post(inbound("STOP")).status_code == 503


def test_limits_on_size_and_depth(post: Post) -> None:
    assert post(b"x" * (256 * 1024 + 1)).status_code == 413
    assert post("[" * 65 + "]" * 65).status_code == 400
    assert not InboundRequest.objects.exists()
    assert post(b'{"text": "' + b"x" * (200 * 1024) + b'"}').status_code == 200


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_unknown_disabled_and_malformed_tokens_get_the_same_404(
    client: Client, webhook: Webhook, method: str
) -> None:
    token = webhook.endpoint.token
    set_enabled(webhook=webhook, enabled=False)
    answers = [
        getattr(client, method)(f"/hooks/{wrong}/")
        for wrong in (token, "x", "x" * 500, token[:-1], "%00", "é", token.swapcase())
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (404, b"" if method == "head" else b"Not found.")
    }
    set_enabled(webhook=webhook, enabled=True)
    assert getattr(client, method)(f"/hooks/{token}/").status_code == 200


def test_a_webhook_takes_any_accept_header_and_needs_no_csrf(webhook: Webhook) -> None:
    strict = Client(enforce_csrf_checks=True)
    body = json.dumps(inbound("hi"))
    answer = strict.post(path_of(webhook), body, content_type="application/json", HTTP_ACCEPT="text/xml")
    assert answer.status_code == 200


def test_put_is_not_taken(client: Client, webhook: Webhook) -> None:
    assert client.put(path_of(webhook)).status_code == 405


@pytest.fixture
def shared_webhook(transactional_db: None) -> Webhook:
    channel = make_channel(make_credential())
    return create_webhook(credential=channel.credential, name="Shop", brand="Acme")


def test_twenty_parallel_copies_of_one_stop_have_one_effect(shared_webhook: Webhook) -> None:
    statuses: list[int] = []
    ready = threading.Barrier(20)

    def call() -> None:
        ready.wait()
        try:
            answer = Client().post(
                path_of(shared_webhook), json.dumps(inbound("STOP")), content_type="application/json"
            )
            statuses.append(answer.status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert ConsentEvent.objects.count() == len(replies()) == InboundMessage.objects.count() == 1
    assert InboundRequest.objects.filter(state=RequestState.PROCESSED).count() == 20
