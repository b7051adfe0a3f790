"""The whole way of asking a provider: over HTTP to the simulator, and by the screens of staff."""

from __future__ import annotations

from typing import Any

import responses
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.vocabulary import Purpose
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging import delivery, lookups
from messaging.accept import accept, through_channel
from messaging.models import Message, Source, StatusLookup
from messaging.states import State
from operations.seed import DEMO_TOKEN
from simulator.server import Simulator
from tests.webhooks.conftest import PERSON, make_channel
from tests.webhooks.test_asking import ASK, NOTHING_KNOWN, asked, lost, state, wire
from webhooks.asking import ask_due

__all__ = ["asked", "wire"]  # fixtures


def test_an_answer_lost_at_the_simulator_is_asked_for_and_found(
    credential: ApiCredential, settings: Any
) -> None:
    simulator = Simulator().start()
    try:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({simulator.url.removeprefix("http://")})
        simulator.state.script.add([{"match": {"to": "*"}, "action": {"reset": "after", "noReport": True}}])
        address = f"{simulator.url}/apikey/messages"
        credential.provider_url, credential.api_token = address, DEMO_TOKEN
        credential.payload = VENDORS["custom"].payload
        credential.lookup_url = f"{address}?clientReference={{{{messageId}}}}"
        credential.save()
        channel = make_channel(credential)
        channel.purpose = Purpose.TRANSACTIONAL
        channel.save()
        message = accept(through_channel(channel, to=PERSON, text="Hello", source=Source.API))
        delivery.drain(credential.pk)
        assert state(message) == State.UNKNOWN
        Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - 2 * lookups.FIRST)
        assert ask_due() == 1
        assert state(message) == State.ACCEPTED
        assert Message.objects.get(pk=message.pk).provider_id.startswith("sim-")
    finally:
        simulator.stop()


def test_staff_have_it_asked_at_once(
    asked: ApiCredential, staff: Client, wire: responses.RequestsMock
) -> None:
    message = lost(asked)
    wire.get(ASK, status=404)
    ask_due()
    page = reverse("admin:messaging_message_change", args=[message.pk])
    shown = staff.get(page).content.decode()
    assert "Ask the provider" in shown
    assert "Asked the provider 1 time," in shown
    assert NOTHING_KNOWN in shown
    step = reverse("admin:messaging_message_step", args=[message.pk, "ask_provider"])
    assert (
        "The provider is asked about one message within seconds"
        in staff.post(step, follow=True).content.decode()
    )
    assert ask_due() == 1


def test_the_list_asks_about_those_that_can_be_asked_about(
    asked: ApiCredential, staff: Client, credential: ApiCredential
) -> None:
    other = ApiCredential.objects.create(name="No look-up", provider_url="https://other.example/messages")
    messages = [lost(asked), lost(other)]
    answer = staff.post(
        reverse("admin:messaging_unclearmessage_changelist"),
        {"action": "ask_provider_about", "_selected_action": [str(message.pk) for message in messages]},
        follow=True,
    ).content.decode()
    assert "The provider is asked about one message within seconds" in answer
    assert "Of 1 it cannot be asked" in answer
    assert [row.pk for row in StatusLookup.objects.all()] == [messages[0].pk]


def test_a_message_that_cannot_be_asked_about_has_no_such_button(
    credential: ApiCredential, staff: Client
) -> None:
    page = reverse("admin:messaging_message_change", args=[lost(credential).pk])
    assert "Ask the provider" not in staff.get(page).content.decode()
