"""The test bench says what a callback would do, and does none of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from consent.models import ConsentEvent
from messaging.models import ChannelConfiguration
from tests.webhooks.conftest import PERSON, Post, accepted, inbound, only_request, queue
from webhooks.models import InboundRequest, Webhook
from webhooks.pasted import read_pasted
from webhooks.trying import NOTHING_ON_RECORD, Trial, try_callback


def tried(webhook: Webhook, body: Any, **values: Any) -> Trial:
    text = body if isinstance(body, str) else json.dumps(body)
    return try_callback(webhook=webhook, callback=read_pasted(text), **values)


def rows() -> dict[str, list[Any]]:
    """Every row of every table, as the database has it."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            found[model._meta.label] = sorted(map(repr, cursor.fetchall()))
    return found


def test_a_stop_is_shown_with_all_it_would_do(webhook: Webhook, channel: ChannelConfiguration) -> None:
    queue(channel)
    trial = tried(webhook, inbound("Stop please"))
    (message,) = trial.messages
    assert trial.verdict is not None
    assert trial.verdict.valid
    assert (message.number, message.read_as, message.keyword) == (PERSON, "Opt-out", "STOP")
    assert message.rule == "with courtesy"
    assert (message.before, message.after) == (NOTHING_ON_RECORD, "Opted out of everything")
    assert message.reply.startswith("Acme: You are unsubscribed")
    assert message.reply_size.startswith("1 part, GSM-7,")
    assert trial.changes == [(PERSON, "Queued", "Suppressed")]
    assert trial.answer is not None
    assert trial.answer.status == 200
    assert trial.standing == "Processed"
    kind, values = trial.events[0]
    assert kind == "Message"
    assert ("Text", "Stop please") in values


@pytest.mark.parametrize(
    "body",
    [
        inbound("STOP"),
        inbound("hello"),
        {"results": "nonsense"},
        "not json {",
        {"type": "delivery_report", "messageId": "p1", "status": "DELIVERED"},
        {"type": "delivery_report", "messageId": "nobody's", "status": "DELIVERED"},
        {"type": "delivery_report", "messageId": "p1", "status": "STRANGE"},
        [inbound("STOP"), inbound("HELP", **{"from": "+14155550188"})],
    ],
    ids=["stop", "chat", "unmapped", "unreadable", "report", "parked", "unknown status", "several"],
)
def test_nothing_in_the_database_changes(
    webhook: Webhook, channel: ChannelConfiguration, post: Post, body: Any
) -> None:
    accepted(channel)
    queue(channel)
    post(inbound("START", id="before"))
    before = rows()
    trial = tried(webhook, body)
    assert trial.standing or trial.problem
    assert rows() == before


def test_a_report_shows_what_becomes_of_its_message(webhook: Webhook, channel: ChannelConfiguration) -> None:
    accepted(channel)
    trial = tried(webhook, {"type": "delivery_report", "messageId": "p1", "status": "DELIVERED"})
    assert trial.changes == [(PERSON, "Accepted", "Delivered")]
    assert trial.events[0][0] == "Delivery report"


def test_a_callback_that_came_before_can_be_tried_as_if_it_had_not(webhook: Webhook, post: Post) -> None:
    post(inbound("STOP"))
    assert tried(webhook, inbound("STOP")).reason == "Received before; nothing was done again."
    kept = only_request()
    trial = tried(webhook, inbound("STOP"), again=kept.pk)
    assert [message.read_as for message in trial.messages] == ["Opt-out"]
    assert InboundRequest.objects.count() == ConsentEvent.objects.count() == 1


def test_an_unreadable_callback_says_why(webhook: Webhook) -> None:
    trial = tried(webhook, {"something": "else"})
    assert trial.standing == "Quarantined"
    assert "lacks" in trial.reason
    assert trial.messages == []
