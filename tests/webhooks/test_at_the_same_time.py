"""Copies and parts that arrive at the same moment: one effect each, on both databases."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from consent.models import ConsentEvent, Kind
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration, ChannelStatus, Message, MessageEvent
from messaging.states import State
from tests.threads import run_together
from tests.webhooks.conftest import PERSON, SENDER, accepted
from webhooks.answers import Answer
from webhooks.callback import Callback
from webhooks.held import apply_held
from webhooks.inbox import map_status
from webhooks.models import (
    HeldReport,
    InboundMessage,
    InboundRequest,
    ProviderStatus,
    RequestState,
    StatusMeaning,
)
from webhooks.models import Webhook as WebhookModel
from webhooks.receiving import receive
from webhooks.services import create_webhook

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLE = "f={{profileNumber}}&t={{inboundMessage}}&ref={{messageGroup}}&of={{parts}}&no={{part}}"
REPORT = "id={{providerMessageId}}&s={{feedbackStatus}}&c={{failureCode}}"
RULES = [{"role": "stopped", "take": "opt_out"}]
TIMES = 10


@pytest.fixture
def webhook() -> WebhookModel:
    credential = ApiCredential.objects.create(
        name="P", provider_url="https://p.example/", payload='{"to": "{{toNumber}}", "m": "{{message}}"}'
    )
    ChannelConfiguration.objects.create(
        name="c", credential=credential, sender=SENDER, purpose=Purpose.MARKETING, status=ChannelStatus.ACTIVE
    )
    return create_webhook(
        credential=credential,
        name="W",
        inbound_mapping=SAMPLE,
        report_mapping=REPORT,
        mapping={"rules": RULES},
    )


def call(webhook: WebhookModel, body: str, role: str = "") -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return receive(webhook=webhook, callback=Callback(headers=headers, body=body.encode(), role=role))


def test_parts_that_come_together_make_one_message(webhook: WebhookModel) -> None:
    numbers = itertools.count()

    def send() -> int:
        number = next(numbers) % 5 + 1
        return call(webhook, f"f=%2B14155550123&t=p{number}.&ref=r&of=5&no={number}").status

    assert set(run_together(send, times=TIMES)) == {200}
    assert list(InboundMessage.objects.values_list("text", flat=True)) == ["p1.p2.p3.p4.p5."]
    assert set(InboundRequest.objects.values_list("state", flat=True)) == {RequestState.PROCESSED}


def test_copies_of_an_opt_out_are_one_event(webhook: WebhookModel) -> None:
    answers = run_together(lambda: call(webhook, "f=%2B14155550123", role="stopped").status, times=TIMES)
    assert set(answers) == {200}
    assert ConsentEvent.objects.filter(kind=Kind.OPT_OUT).count() == 1


@pytest.mark.parametrize(("word", "reason"), [("read", "read"), ("temp", "temporary")])
def test_copies_of_a_report_are_noted_once(webhook: WebhookModel, word: str, reason: str) -> None:
    message = accepted(ChannelConfiguration.objects.get())
    stored = WebhookModel.objects.get(pk=webhook.pk)
    stored.status_map = '{"temp": "temporary"}'
    stored.save()
    assert set(run_together(lambda: call(stored, f"id=p1&s={word}").status, times=TIMES)) == {200}
    assert MessageEvent.objects.filter(message=message, reason=reason).count() == 1


def test_held_reports_are_applied_once_by_whoever_comes_first(webhook: WebhookModel) -> None:
    message = accepted(ChannelConfiguration.objects.get())
    run_together(lambda: call(webhook, "id=p1&s=GLORIOUS").status, times=TIMES)
    assert (HeldReport.objects.count(), ProviderStatus.objects.get().seen) == (TIMES, TIMES)
    map_status(status=ProviderStatus.objects.get(), meaning=StatusMeaning.DELIVERED)
    assert sum(run_together(apply_held, times=4)) == TIMES
    assert Message.objects.values_list("state", flat=True).get(pk=message.pk) == State.DELIVERED
    assert MessageEvent.objects.filter(message=message, after=State.DELIVERED).count() == 1


def test_several_events_of_one_call_each_count(webhook: Any) -> None:
    stored = WebhookModel.objects.get(pk=webhook.pk)
    stored.inbound_mapping = '[{"f": "{{profileNumber}}", "t": "{{inboundMessage}}"}]'
    stored.save()
    body = b'[{"f": "+14155550123", "t": "STOP"}, {"f": "+14155550124", "t": "STOP"}, {"t": "nobody"}]'
    headers = {"Content-Type": "application/json"}

    def send() -> int:
        return receive(webhook=stored, callback=Callback(headers=headers, body=body)).status

    assert set(run_together(send, times=TIMES)) == {200}
    assert InboundMessage.objects.filter(msisdn=PERSON).count() == 1
    assert InboundMessage.objects.count() == 2
    assert ConsentEvent.objects.filter(kind=Kind.OPT_OUT).count() == 2
    assert set(InboundRequest.objects.values_list("state", flat=True)) == {RequestState.QUARANTINED}
