"""Fifty parallel copies of each kind of call: one effect, one reply, whatever the database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from consent.models import ConsentEvent
from messaging.models import ChannelConfiguration, Message, MessageEvent
from tests.threads import run_together
from tests.webhooks.conftest import SENDER, accepted, inbound, path_of, replies
from webhooks import lookup
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook

pytestmark = pytest.mark.django_db(transaction=True)
COPIES = 50
OTHER = "+14155550177"


def post_together(webhook: Webhook, body: Any, *, times: int = COPIES) -> list[int]:
    lookup.find_webhook(path_of(webhook).split("/")[2])
    data = json.dumps(body)

    def call() -> int:
        return int(Client().post(path_of(webhook), data, content_type="application/json").status_code)

    return run_together(call, times=times)


def counts() -> tuple[int, int, int]:
    return InboundMessage.objects.count(), ConsentEvent.objects.count(), len(replies())


@pytest.mark.parametrize(
    ("body", "effects"),
    [
        (inbound("STOP"), (1, 1, 1)),
        (inbound("STOP", id=None), (1, 1, 1)),
        (inbound("HELP", id=None, timestamp="2025-03-04T05:06:07Z"), (1, 1, 1)),
        (inbound("See you at five"), (1, 0, 0)),
        ([inbound("STOP", id="a"), inbound("HELP", id="b", **{"from": OTHER})], (2, 2, 2)),
    ],
    ids=["with an id", "without an id", "with a time", "chat", "a batch"],
)
def test_copies_of_a_message_have_one_effect_and_one_reply(
    webhook: Webhook, body: Any, effects: tuple[int, int, int]
) -> None:
    assert post_together(webhook, body) == [200] * COPIES
    assert counts() == effects
    assert InboundRequest.objects.filter(state=RequestState.PROCESSED).count() == COPIES


def test_copies_of_a_report_move_the_message_once(webhook: Webhook, channel: ChannelConfiguration) -> None:
    message = accepted(channel)
    report = {"type": "delivery_report", "messageId": "p1", "status": "DELIVERED", "to": message.msisdn}
    assert post_together(webhook, report) == [200] * COPIES
    assert Message.objects.get(pk=message.pk).state == "delivered"
    assert MessageEvent.objects.filter(message=message, after="delivered").count() == 1


def test_reports_in_any_order_and_number_never_move_a_message_back(
    webhook: Webhook, channel: ChannelConfiguration
) -> None:
    message = accepted(channel)
    words = iter(["DELIVERED", "SENT", "ACCEPTED", "DELIVERED", "SENT"] * 10)

    def call() -> int:
        report = {"type": "delivery_report", "messageId": "p1", "status": next(words), "to": message.msisdn}
        answer = Client().post(path_of(webhook), json.dumps(report), content_type="application/json")
        return int(answer.status_code)

    lookup.find_webhook(path_of(webhook).split("/")[2])
    assert run_together(call, times=50) == [200] * 50
    assert Message.objects.get(pk=message.pk).state == "delivered"
    after = list(MessageEvent.objects.filter(message=message).values_list("after", flat=True))
    assert after.count("delivered") == 1
    assert after.count("sent") <= 1


def test_the_same_text_with_two_ids_is_two_messages(webhook: Webhook) -> None:
    ids = iter(range(2))

    def call() -> int:
        body = json.dumps(inbound("HELP", id=f"m{next(ids)}", to=SENDER))
        return int(Client().post(path_of(webhook), body, content_type="application/json").status_code)

    assert run_together(call, times=2) == [200] * 2
    assert counts() == (2, 2, 2)


def test_redis_is_not_asked(webhook: Webhook, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("asked Redis")

    monkeypatch.setattr("redis.connection.Connection.connect", refuse)
    assert post_together(webhook, inbound("hello"), times=5) == [200] * 5
    assert InboundMessage.objects.count() == 1
