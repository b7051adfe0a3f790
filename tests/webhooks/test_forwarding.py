"""Messages forwarded to an operator's URL: by a worker, guarded, again until it answers, once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import responses
import time_machine

from core.clock import now
from tests.webhooks.conftest import PERSON, Post, inbound
from webhooks.forwarding import MOST_TRIES, forward_due, pause_after
from webhooks.models import CustomKeyword, Forward, Webhook
from webhooks.services import touch

URL = "https://shop.example/sms"


@pytest.fixture
def forward(webhook: Webhook, post: Post) -> Forward:
    CustomKeyword.objects.create(
        webhook=webhook, name="Food", keywords="PIZZA", action="forward", forward_url=URL
    )
    touch(webhook=webhook)
    assert post(inbound("pizza")).status_code == 200
    return Forward.objects.get()


def state(forward: Forward) -> tuple[str, int]:
    forward.refresh_from_db()
    return forward.state, forward.tries


def guarded() -> Any:
    return responses.RequestsMock(target="core.http.GuardedAdapter.send")


def test_the_message_goes_out_once_with_what_was_read(forward: Forward) -> None:
    with guarded() as provider:
        provider.post(URL, status=204)
        assert forward_due() == 1
        assert forward_due() == 0
        call = provider.calls[0].request
    body = json.loads(call.body)
    assert (body["from"], body["text"], body["category"], body["keyword"]) == (
        PERSON,
        "pizza",
        "Food",
        "PIZZA",
    )
    assert call.headers["Idempotency-Key"] == str(forward.pk)
    assert state(forward) == ("sent", 1)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_refusal_is_tried_again_later_and_given_up_in_the_end(forward: Forward, status: int) -> None:
    moment = now()
    with guarded() as provider:
        provider.post(URL, status=status)
        for number in range(MOST_TRIES):
            with time_machine.travel(moment):
                assert forward_due() == 0
                assert forward_due() == 0  # not due yet
            moment += pause_after(number + 1) + timedelta(seconds=1)
    assert state(forward) == ("failed", MOST_TRIES)
    assert forward.last_answer == f"HTTP {status}"


def test_an_address_inside_the_network_is_refused(forward: Forward) -> None:
    Forward.objects.update(url="http://127.0.0.1:9/x")
    assert forward_due() == 0
    assert state(forward)[0] == "waiting"
    assert "127.0.0.1" in forward.last_answer
