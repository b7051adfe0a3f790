"""Status words nobody knew: held, counted, applied once when they get a meaning; codes and flags that opt out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from consent.models import ConsentEvent, Kind, Source
from credentials.models import ApiCredential, ProviderCode
from messaging.models import ChannelConfiguration, Message, MessageEvent, ParkedReport
from messaging.states import State
from tests.webhooks.conftest import PERSON, SENDER, Post, accepted, path_of, queue
from webhooks.held import apply_held
from webhooks.inbox import map_status
from webhooks.models import HeldReport, InboundRequest, ProviderStatus, RequestState, StatusMeaning, Webhook
from webhooks.services import create_webhook, save_webhook


def report(status: str, **values: Any) -> dict[str, Any]:
    return {"type": "delivery_report", "messageId": "p1", "to": PERSON, "status": status, **values}


def state_of(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


def _by_inbox(webhook: Webhook) -> None:
    map_status(status=ProviderStatus.objects.get(word="GLORIOUS"), meaning=StatusMeaning.DELIVERED)


def _by_form(webhook: Webhook) -> None:
    stored = Webhook.objects.get(pk=webhook.pk)
    stored.status_map = '{"glorious": "delivered"}'
    save_webhook(webhook=stored, credential=stored.credential)


@pytest.mark.parametrize("say", [_by_inbox, _by_form])
def test_a_held_report_is_applied_once_when_its_word_gets_a_meaning(
    channel: ChannelConfiguration, webhook: Webhook, post: Post, say: Callable[[Webhook], None]
) -> None:
    message = accepted(channel)
    for _ in range(2):
        post(report("GLORIOUS"))
    assert (HeldReport.objects.count(), ProviderStatus.objects.get().seen) == (2, 2)
    assert (apply_held(), state_of(message)) == (0, State.ACCEPTED)
    say(webhook)
    assert (apply_held(), apply_held()) == (2, 0)
    assert state_of(message) == State.DELIVERED
    assert MessageEvent.objects.filter(message=message, after=State.DELIVERED).count() == 1
    assert set(InboundRequest.objects.values_list("state", flat=True)) == {RequestState.PROCESSED}
    post(report("glorious"))
    assert not HeldReport.objects.exists()


def test_what_a_later_report_has_said_is_not_undone(channel: ChannelConfiguration, post: Post) -> None:
    message = accepted(channel)
    post(report("GLORIOUS"))
    post(report("delivered"))
    map_status(status=ProviderStatus.objects.get(), meaning=StatusMeaning.FAILED)
    assert apply_held() == 1
    assert state_of(message) == State.DELIVERED


@pytest.mark.parametrize("meaning", [StatusMeaning.NO_PROGRESS, StatusMeaning.IGNORE])
def test_a_word_may_mean_nothing(channel: ChannelConfiguration, post: Post, meaning: str) -> None:
    message = accepted(channel)
    post(report("GLORIOUS"))
    map_status(status=ProviderStatus.objects.get(), meaning=meaning)
    assert apply_held() == 1
    assert state_of(message) == State.ACCEPTED
    assert not HeldReport.objects.exists()


def test_a_report_held_before_its_message_is_known_waits_for_it_then(post: Post) -> None:
    post(report("GLORIOUS", messageId="later"))
    map_status(status=ProviderStatus.objects.get(), meaning=StatusMeaning.DELIVERED)
    assert apply_held() == 1
    assert ParkedReport.objects.get().provider_id == "later"


@pytest.mark.parametrize(
    ("words", "state", "reasons"),
    [
        (["sent", "delivered", "read"], State.DELIVERED, ["report", "read"]),
        (["read"], State.DELIVERED, ["read"]),
        (["read", "read"], State.DELIVERED, ["read"]),
        (["temp", "temp"], State.ACCEPTED, ["temporary"]),
        (["temp", "delivered"], State.DELIVERED, ["temporary", "report"]),
        (["delivered", "temp"], State.DELIVERED, ["report"]),
        (["failed", "read"], State.UNDELIVERED, ["report"]),
    ],
)
def test_read_and_temporary_reports_are_noted_without_undoing_anything(
    channel: ChannelConfiguration,
    webhook: Webhook,
    post: Post,
    words: list[str],
    state: str,
    reasons: list[str],
) -> None:
    message = accepted(channel)
    stored = Webhook.objects.get(pk=webhook.pk)
    stored.status_map = '{"temp": "temporary", "sent": ""}'
    save_webhook(webhook=stored, credential=stored.credential)
    before = set(MessageEvent.objects.values_list("pk", flat=True))
    for word in words:
        post(report(word))
    new = MessageEvent.objects.filter(message=message).exclude(pk__in=before).order_by("id")
    assert state_of(message) == state
    assert list(new.values_list("reason", flat=True)) == reasons


def test_a_code_that_means_opted_out_withdraws_consent_once_and_suppresses_what_waits(
    credential: ApiCredential, channel: ChannelConfiguration, post: Post
) -> None:
    message, waiting = accepted(channel), queue(channel)
    ProviderCode.objects.create(scope=f"credential:{credential.pk}", code="21610", failure="opted_out")
    credential.save(update_fields=["revision"])
    for _ in range(2):
        post(report("failed", errorCode="21610"))
    assert state_of(message) == State.UNDELIVERED
    assert state_of(waiting) == State.SUPPRESSED
    event = ConsentEvent.objects.get(kind=Kind.OPT_OUT)
    assert (event.source, event.scope) == (Source.PROVIDER, f"sender:{SENDER}")
    assert "21610" in event.reason


def test_a_code_nobody_has_given_a_meaning_comes_into_the_inbox_of_codes(
    channel: ChannelConfiguration, post: Post
) -> None:
    accepted(channel)
    post(report("failed", errorCode="E77"))
    post(report("delivered", errorCode="0"))
    assert list(ProviderCode.objects.values_list("code", "seen")) == [("E77", 1)]


@pytest.fixture
def flagged(channel: ChannelConfiguration) -> Webhook:
    return create_webhook(
        credential=channel.credential,
        name="Flagged",
        inbound_mapping="f={{profileNumber}}&t={{inboundMessage}}",
        mapping={
            "rules": [
                {"role": "stopped", "take": "opt_out"},
                {"path": "k", "values": ["Stop"], "take": "opt_out"},
            ]
        },
    )


@pytest.mark.parametrize(
    ("role", "body"), [("stopped/", "f=%2B14155550123"), ("", "f=14155550123&t=no&k=Stop")]
)
def test_a_flag_or_a_url_of_its_own_opts_out_without_a_reply(
    channel: ChannelConfiguration, flagged: Webhook, client: Client, role: str, body: str
) -> None:
    waiting = queue(channel)
    for _ in range(3):
        answer = client.post(path_of(flagged) + role, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
    assert state_of(waiting) == State.SUPPRESSED
    assert ConsentEvent.objects.get(kind=Kind.OPT_OUT).source == Source.PROVIDER
    assert Message.objects.count() == 1


def test_an_opt_out_without_a_readable_number_is_shown_to_staff(flagged: Webhook, client: Client) -> None:
    client.post(path_of(flagged) + "stopped/", "f=nobody", content_type="application/x-www-form-urlencoded")
    raw = InboundRequest.objects.get()
    assert raw.state == RequestState.QUARANTINED
    assert "nobody" in raw.reason


def test_of_a_batch_the_recipient_tells_which_message_is_meant(
    channel: ChannelConfiguration, post: Post
) -> None:
    first, second = accepted(channel, "batch"), accepted(channel, "batch")
    Message.objects.filter(pk=second.pk).update(msisdn="+14155550124")
    post(report("delivered", messageId="batch", to="14155550124"))
    assert (state_of(first), state_of(second)) == (State.ACCEPTED, State.DELIVERED)
    post(report("failed", messageId="batch", to="+14155550123"))
    assert (state_of(first), state_of(second)) == (State.UNDELIVERED, State.DELIVERED)


@pytest.mark.parametrize("reference", ["zzz", "1", "0195b0c4-6e1a"])
def test_a_report_that_can_be_about_no_message_of_ours_is_shown_to_staff(post: Post, reference: str) -> None:
    post({"type": "delivery_report", "clientReference": reference, "status": "delivered"})
    assert InboundRequest.objects.get().state == RequestState.QUARANTINED
    assert not ParkedReport.objects.exists()
