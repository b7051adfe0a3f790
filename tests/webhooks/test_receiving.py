from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent.models import ConsentEvent, ConsentState
from core.vocabulary import Purpose
from messaging import claiming, gate
from messaging.models import ChannelConfiguration, Message
from messaging.states import State
from profiles.models import Profile
from tests.webhooks.conftest import (
    PERSON,
    SENDER,
    Post,
    inbound,
    make_channel,
    make_credential,
    only_request,
    path_of,
    queue,
    replies,
)
from webhooks import receiving
from webhooks.acting import MOST_REPLIES
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.services import create_webhook

REPORT = {"type": "delivery_report", "messageId": "p1", "clientReference": "", "to": PERSON}


def test_a_stop_withdraws_consent_suppresses_what_waits_and_is_answered_once(
    post: Post, channel: ChannelConfiguration
) -> None:
    waiting, code = queue(channel), queue(channel, purpose=Purpose.ONE_TIME_CODE)
    elsewhere = queue(channel, to="+14155550199")
    answer = post(inbound("Stop please", id="m1"))
    assert (answer.status_code, answer.content) == (200, b"")
    event = ConsentEvent.objects.get()
    assert (event.kind, event.scope, event.purpose, event.source) == ("opt_out", "all", "all", "keyword")
    assert (event.keyword, event.rule_version) == ("STOP", "keywords-2/with_courtesy")
    assert ConsentState.objects.get().state == "out"
    states = dict(Message.objects.exclude(purpose=Purpose.CONSENT_REPLY).values_list("id", "state"))
    assert states == {waiting.id: State.SUPPRESSED, code.id: State.QUEUED, elsewhere.id: State.QUEUED}
    (reply,) = replies()
    assert (reply.msisdn, reply.sender, reply.state, reply.channel) == (PERSON, SENDER, State.QUEUED, channel)
    assert reply.in_reply_to == "m1"
    assert (
        reply.text
        == "Acme: You are unsubscribed and will receive no more messages. Reply START to resubscribe."
    )
    message = InboundMessage.objects.get()
    assert (message.intent, message.keyword, message.reply, message.text) == (
        "opt_out",
        "STOP",
        reply,
        "Stop please",
    )
    assert only_request().state == RequestState.PROCESSED


def test_the_same_message_again_has_no_second_effect(post: Post, channel: ChannelConfiguration) -> None:
    post(inbound("STOP"))
    later = queue(channel)
    assert post(inbound("STOP")).status_code == 200
    assert ConsentEvent.objects.count() == len(replies()) == InboundMessage.objects.count() == 1
    assert Message.objects.get(pk=later.pk).state == State.QUEUED
    assert list(InboundRequest.objects.values_list("state", flat=True)) == [RequestState.PROCESSED] * 2


@pytest.mark.parametrize(
    ("values", "effects"),
    [
        ({"id": None}, 1),
        ({"id": None, "timestamp": "2025-03-04T05:06:07Z"}, 1),
    ],
)
def test_without_an_id_the_same_text_counts_once(post: Post, values: dict[str, Any], effects: int) -> None:
    with time_machine.travel("2026-01-01T12:00:01Z", tick=False):
        post(inbound("HELP", **values))
        post(inbound("HELP", **values))
    assert InboundMessage.objects.count() == effects


def test_the_same_text_with_another_id_is_another_message(post: Post) -> None:
    post(inbound("HELP", id="a"))
    post(inbound("HELP", id="b"))
    assert len(replies()) == 2


def test_an_opt_out_is_confirmed_once_in_24_hours(post: Post) -> None:
    post(inbound("STOP", id="a"))
    post(inbound("STOP", id="b"))
    assert ConsentEvent.objects.count() == 2
    assert len(replies()) == 1
    assert "24 hours" in InboundRequest.objects.order_by("-received_at")[0].reason
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        post(inbound("STOP", id="c"))
    assert len(replies()) == 2


def test_an_opt_out_after_an_opt_in_is_confirmed_again(post: Post) -> None:
    for number, text in enumerate(("STOP", "START", "STOP")):
        with time_machine.travel(timezone.now() + timedelta(minutes=number)):
            post(inbound(text, id=str(number)))
    assert [reply.text[:25] for reply in replies()] == [
        "Acme: You are unsubscribe", "Acme: You are subscribed.", "Acme: You are unsubscribe",
    ]  # fmt: skip
    assert ConsentState.objects.get().state == "out"


def test_help_is_answered_in_any_state_and_changes_none(post: Post) -> None:
    post(inbound("STOP"))
    post(inbound("HELP"))
    assert replies()[1].text == "Acme: For help contact help@acme.test. Reply STOP to unsubscribe."
    assert ConsentState.objects.get().state == "out"


def test_other_texts_are_kept_and_not_answered(post: Post) -> None:
    post(inbound("See you at 5"))
    assert InboundMessage.objects.get().intent == ""
    assert not replies()
    assert not ConsentEvent.objects.exists()


def test_own_messages_are_personalised_and_missing_attributes_stay_blank(
    post: Post, webhook: Webhook
) -> None:
    webhook.opt_out_message = "Bye {{profile.firstName}}{{profile.lastName}} from {{brand}}, {{fromNumber}}"
    webhook.save()
    Profile.objects.create(msisdn=PERSON, attributes={"firstName": "{{brand}} {% raw"})
    post(inbound("STOP"))
    assert replies()[0].text == "Bye {{brand}} {% raw from Acme, +14155550100"


@pytest.mark.parametrize("broken", ["{{ nonsense |", "{{profile.firstName}}"])
def test_a_message_that_gives_nothing_gives_way_to_the_standard_one(
    post: Post, webhook: Webhook, broken: str
) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(opt_out_message=broken, updated_at=timezone.now())
    post(inbound("STOP"))
    assert replies()[0].text.startswith("Acme: You are unsubscribed")


@pytest.mark.parametrize(
    ("recipient", "sender"),
    [
        ("+14155550199", "+14155550199"),
        ("14155550199", "+14155550199"),
        ("tel:+1-415-555-0199", "+14155550199"),
        ("+14155550111", SENDER),
        (None, SENDER),
    ],
)
def test_the_reply_comes_from_the_number_written_to(
    post: Post, channel: ChannelConfiguration, recipient: str | None, sender: str
) -> None:
    make_channel(channel.credential, "second", "+14155550199")
    Message.objects.all()
    ChannelConfiguration.objects.filter(name="second").update(status="draft")
    post(inbound("HELP", to=recipient))
    assert replies()[0].sender == sender


def test_without_channel_and_recipient_consent_is_recorded_and_no_reply_goes_out(
    client: Client, db: None
) -> None:
    webhook = create_webhook(credential=make_credential(), name="Bare")
    client.post(path_of(webhook), json.dumps(inbound("STOP", to=None)), content_type="application/json")
    assert ConsentEvent.objects.count() == 1
    assert not replies()
    assert "No reply" in only_request().reason


def test_an_opt_out_can_be_narrowed_to_sender_and_marketing(
    post: Post, webhook: Webhook, channel: ChannelConfiguration
) -> None:
    webhook.opt_out_scope, webhook.opt_out_purpose = "sender", "marketing"
    webhook.save()
    other = make_channel(channel.credential, "other", "+14155550199")
    mine, theirs = queue(channel), queue(other)
    service = queue(channel, purpose=Purpose.TRANSACTIONAL)
    post(inbound("STOP"))
    event = ConsentEvent.objects.get()
    assert (event.scope, event.purpose) == (f"sender:{SENDER}", "marketing")
    found = Message.objects.in_bulk([mine.id, theirs.id, service.id])
    assert [found[message.id].state for message in (mine, theirs, service)] == [
        "suppressed",
        "queued",
        "queued",
    ]


def test_numbers_without_plus_are_read(post: Post) -> None:
    for digits in ("14155550123", "(415) 555-0123", "0014155550123"):
        post(inbound("hello", id=digits, **{"from": digits}))
    reasons = list(InboundRequest.objects.values_list("reason", flat=True))
    assert set(InboundMessage.objects.values_list("msisdn", flat=True)) == {PERSON}, reasons


def test_a_caller_that_is_no_number_goes_to_quarantine(post: Post) -> None:
    assert post(inbound("STOP", **{"from": "ACME BANK"})).status_code == 200
    request = only_request()
    assert request.state == RequestState.QUARANTINED
    assert "ACME BANK" in request.reason


def test_several_messages_in_one_callback_are_all_taken(post: Post) -> None:
    body = [inbound("STOP", id="a"), inbound("hi", id="b", **{"from": "x"}), inbound("HELP", id="c")]
    assert post(body).status_code == 200
    assert InboundMessage.objects.count() == len(replies()) == 2
    assert only_request().state == RequestState.QUARANTINED


def test_the_answer_to_a_stop_waits_for_what_is_on_the_wire(
    post: Post, channel: ChannelConfiguration
) -> None:
    message = queue(channel, purpose=Purpose.TRANSACTIONAL)
    gate.pass_gate(claiming.claim_one(message.pk))
    with patch.object(receiving.suppress, "wait_until_idle") as wait:
        post(inbound("STOP"))
        post(inbound("STOP"))
        post(inbound("HELP"))
    assert [call.args for call in wait.call_args_list] == [(message.subject_id,)] * 2


@pytest.mark.parametrize("body", [inbound("STOP"), {**inbound("STOP"), "type": "opt_out"}])
def test_a_stop_with_nothing_on_the_wire_is_answered_without_another_look(
    post: Post, channel: ChannelConfiguration, body: dict[str, Any]
) -> None:
    """Queued messages are taken out, and one that was answered for is past."""
    queue(channel)
    done = queue(channel, purpose=Purpose.TRANSACTIONAL)
    gate.pass_gate(claiming.claim_one(done.pk))
    Message.objects.filter(pk=done.pk).update(state=State.ACCEPTED)
    with patch.object(receiving.suppress, "wait_until_idle") as wait:
        post(body)
    assert wait.call_args_list == []


def test_two_gateways_do_not_answer_each_other_for_ever(post: Post) -> None:
    for number in range(MOST_REPLIES + 3):
        post(inbound("HELP", id=str(number)))
    assert len(replies()) == MOST_REPLIES
