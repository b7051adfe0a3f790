"""STOP against senders: no request to a number may start after its STOP was answered."""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from core.vocabulary import Purpose
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging import delivery
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Source
from messaging.states import State
from webhooks.callback import Callback
from webhooks.receiving import receive
from webhooks.services import create_webhook

JSON = {"Content-Type": "application/json"}
NUMBERS = [f"+1415555{index:04d}" for index in range(120)]


@pytest.mark.django_db(transaction=True)
def test_no_request_starts_after_the_stop_was_answered(monkeypatch: Any) -> None:
    credential = ApiCredential.objects.create(
        name="P", provider_url="https://p.example.com/", api_token="t", payload=VENDORS["custom"].payload
    )
    webhook = create_webhook(credential=credential, name="W", brand="B")
    channel = ChannelConfiguration.objects.create(
        name="c", credential=credential, sender="+15005550006", purpose=Purpose.TRANSACTIONAL,
        status=ChannelStatus.ACTIVE,
    )  # fmt: skip
    for number in NUMBERS:
        accept(through_channel(channel, to=number, text="Hello", source=Source.API), wake=False)
    started, answered = {}, {}
    _record_starts(monkeypatch, started)

    def stop(number: str) -> None:
        time.sleep(random.random() * 0.8)
        body = {
            "type": "inbound_message",
            "id": f"i-{number}",
            "from": number,
            "to": channel.sender,
            "text": "STOP",
        }
        receive(
            webhook=webhook, callback=Callback(headers=JSON, body=json.dumps(body).encode()),
        )  # fmt: skip
        answered[number] = time.monotonic()
        connection.close()

    sender = threading.Thread(target=_drain_and_close, args=(credential.id,))
    sender.start()
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(stop, NUMBERS[::2]))
    sender.join()
    delivery.drain(credential.id)
    late = [number for number in answered if started.get(number, 0) > answered[number]]
    assert late == []
    states = Message.objects.filter(source=Source.API, msisdn__in=NUMBERS[1::2])
    assert set(states.values_list("state", flat=True)) == {State.ACCEPTED}
    assert Message.objects.filter(source=Source.REPLY).count() == len(NUMBERS[::2])


def _record_starts(monkeypatch: Any, started: dict[str, float]) -> None:
    """A provider that takes its time and notes when a message to each number began (replies apart)."""
    from requests.structures import CaseInsensitiveDict

    from core.http import Answer

    def exchange(session: Any, prepared: Any, **_: Any) -> Answer:
        body = json.loads(prepared.body)
        if body["content"] == "Hello":
            started[body["to"]] = time.monotonic()
        time.sleep(0.02)
        return Answer(
            202, CaseInsensitiveDict({"Content-Type": "application/json"}), b'{"messageId": "x"}', 20
        )

    monkeypatch.setattr("credentials.client.exchange", exchange)


def _drain_and_close(credential_id: Any) -> None:
    delivery.drain(credential_id)
    connection.close()
