"""A changed mapping on callbacks that were kept: tried without effect, then read again, each event once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from consent.models import ConsentEvent, Kind
from core.errors import MappingInvalid
from messaging.models import ChannelConfiguration, MessageEvent
from tests.webhooks.conftest import PERSON, SENDER, accepted, path_of
from webhooks.held import apply_held
from webhooks.models import HeldReport, InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.reading import InboundText
from webhooks.reprocessing import process_again
from webhooks.rereading import reread_kept
from webhooks.services import save_webhook

BODIES: list[Any] = [
    {"sender": PERSON, "words": "STOP", "ref": "7"},
    [
        {"sender": PERSON, "words": "Hi", "ref": "8"},
        {"from": PERSON, "to": SENDER, "text": "taken", "id": "9"},
    ],
    {"other": 1},
]
SAMPLE = json.dumps(
    [
        {
            "sender": "{{profileNumber}}",
            "from": "{{profileNumber}}",
            "words": "{{inboundMessage}}",
            "text": "{{inboundMessage}}",
            "ref": "{{requestId}}",
            "id": "{{requestId}}",
        }
    ]
)


@pytest.fixture
def changed(webhook: Webhook, client: Client) -> Webhook:
    for body in BODIES:
        client.post(path_of(webhook), json.dumps(body), content_type="application/json")
    stored = Webhook.objects.select_related("endpoint__credential").get(pk=webhook.pk)
    stored.inbound_mapping = SAMPLE
    return stored


def texts() -> list[str]:
    return list(InboundMessage.objects.order_by("id").values_list("text", flat=True))


def test_a_mapping_is_tried_on_what_was_kept_without_any_effect(changed: Webhook) -> None:
    before = list(InboundRequest.objects.order_by("id").values_list("state", "reason"))
    found = reread_kept(changed, changed.credential)
    assert [len(trial.events) for trial in found] == [0, 2, 1]
    assert "lacks" in found[0].problem
    (event,) = found[2].events
    assert isinstance(event, InboundText)
    assert event.text == "STOP"
    assert texts() == ["taken"]
    assert list(InboundRequest.objects.order_by("id").values_list("state", "reason")) == before
    changed.inbound_mapping = "{"
    with pytest.raises(MappingInvalid):
        reread_kept(changed, changed.credential)


def test_what_was_quarantined_is_read_again_and_takes_effect_once(changed: Webhook) -> None:
    states = InboundRequest.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [RequestState.QUARANTINED] * 3
    save_webhook(webhook=changed, credential=changed.credential)
    everything = list(InboundRequest.objects.values_list("pk", flat=True))
    for _ in range(2):
        assert process_again(request_ids=everything).processed == 2
    assert sorted(texts()) == ["Hi", "STOP", "taken"]
    event = ConsentEvent.objects.get(kind=Kind.OPT_OUT)
    assert event.occurred_at == InboundRequest.objects.order_by("id").first().received_at  # type: ignore[union-attr]
    assert list(states.all()) == [RequestState.PROCESSED, RequestState.PROCESSED, RequestState.QUARANTINED]


def test_a_held_report_read_again_is_applied_once(
    channel: ChannelConfiguration, webhook: Webhook, client: Client
) -> None:
    accepted(channel)
    report = {"type": "delivery_report", "messageId": "p1", "status": "GLORIOUS"}
    client.post(path_of(webhook), json.dumps(report), content_type="application/json")
    stored = Webhook.objects.select_related("endpoint__credential").get(pk=webhook.pk)
    everything = list(InboundRequest.objects.values_list("pk", flat=True))
    assert process_again(request_ids=everything).quarantined == 1
    assert HeldReport.objects.count() == 1
    stored.status_map = '{"GLORIOUS": "delivered"}'
    save_webhook(webhook=stored, credential=stored.credential)
    assert process_again(request_ids=everything).processed == 1
    assert (apply_held(), HeldReport.objects.count()) == (0, 0)
    assert MessageEvent.objects.filter(after="delivered").count() == 1
