from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.models import AuditEntry
from consent.models import ConsentEvent
from messaging.models import ChannelConfiguration, Message, MessageEvent
from tests.webhooks.conftest import PERSON, Post, accepted, inbound, only_request, replies, shown
from webhooks import reprocessing
from webhooks.leftovers import process_leftovers
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.reprocessing import process_again, process_quarantined_again
from webhooks.retention import purge_callbacks

STRANGE = {"event": "mo", "sms": {"uid": "u1", "src": PERSON, "dst": "+14155550100", "words": "STOP"}}
SAMPLE = json.dumps(
    {"event": "mo", "sms": {
        "uid": "{{requestId}}", "src": "{{profileNumber}}", "dst": "{{inboundNumber}}", "words": "{{inboundMessage}}",
    }}
)  # fmt: skip
LIST = reverse("admin:webhooks_inboundrequest_changelist")


def learn(webhook: Webhook, **fields: str) -> None:
    for name, value in fields.items():
        setattr(webhook, name, value)
    webhook.save()


def ids() -> list[Any]:
    return list(InboundRequest.objects.values_list("pk", flat=True))


def test_a_quarantined_stop_takes_effect_once_the_mapping_reads_it(post: Post, webhook: Webhook) -> None:
    post(STRANGE)
    assert only_request().state == RequestState.QUARANTINED
    learn(webhook, inbound_mapping=SAMPLE)
    for _ in range(3):
        assert process_again(request_ids=ids()).processed == 1
    request = only_request()
    assert (request.state, InboundMessage.objects.count()) == (RequestState.PROCESSED, 1)
    assert ConsentEvent.objects.get().occurred_at == request.received_at
    assert len(replies()) == 1


def test_what_still_cannot_be_read_stays_in_quarantine_with_its_reason(post: Post) -> None:
    post(STRANGE)
    outcome = process_again(request_ids=ids())
    assert (outcome.processed, outcome.quarantined) == (0, 1)
    assert "fits neither sample" in only_request().reason


@pytest.mark.parametrize("provider_id", ["m1", None])
def test_a_processed_message_has_no_second_effect(post: Post, provider_id: str | None) -> None:
    post(inbound("STOP", id=provider_id))
    post(inbound("START", id="other"))
    process_again(request_ids=ids())
    assert ConsentEvent.objects.count() == InboundMessage.objects.count() == 2


def test_a_message_whose_id_is_read_only_now_has_no_second_effect(post: Post, webhook: Webhook) -> None:
    learn(webhook, inbound_mapping=SAMPLE.replace("{{requestId}}", "any"))
    post(STRANGE)
    learn(webhook, inbound_mapping=SAMPLE)
    process_again(request_ids=ids())
    assert ConsentEvent.objects.count() == InboundMessage.objects.count() == len(replies()) == 1


def test_a_report_moves_its_message_once(post: Post, webhook: Webhook, channel: ChannelConfiguration) -> None:
    message = accepted(channel)
    post({"type": "delivery_report", "messageId": "p1", "status": "GLORIOUS"})
    learn(webhook, status_map='{"GLORIOUS": "delivered"}')
    for _ in range(2):
        process_again(request_ids=ids())
    assert Message.objects.get(pk=message.pk).state == "delivered"
    assert MessageEvent.objects.filter(message=message, after="delivered").count() == 1


def test_a_confirmation_comes_within_five_minutes_or_not_at_all(post: Post, webhook: Webhook) -> None:
    post(STRANGE)
    learn(webhook, inbound_mapping=SAMPLE)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        process_again(request_ids=ids())
    assert ConsentEvent.objects.count() == 1
    assert not replies()
    assert "five minutes" in only_request().reason


def test_a_confirmation_of_a_late_stop_is_valid_until_five_minutes_after_it_came(
    post: Post, webhook: Webhook
) -> None:
    post(STRANGE)
    learn(webhook, inbound_mapping=SAMPLE)
    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        process_again(request_ids=ids())
    assert replies()[0].valid_until == only_request().received_at + timedelta(minutes=5)


def test_everything_of_a_webhook_is_left_to_the_workers(post: Post, webhook: Webhook) -> None:
    for number in range(3):
        post({**STRANGE, "sms": {**STRANGE["sms"], "uid": str(number), "words": "HELP"}})  # type: ignore[dict-item]
    learn(webhook, inbound_mapping=SAMPLE)
    assert process_quarantined_again(webhook=webhook) == 3
    assert process_quarantined_again(webhook=webhook) == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert process_leftovers() == 3
    assert InboundMessage.objects.count() == 3


def test_staff_process_everything_of_a_webhook_in_quarantine_again(
    post: Post, webhook: Webhook, staff: Client
) -> None:
    page = reverse("admin:webhooks_webhook_change", args=[webhook.pk])
    again = reverse("admin:webhooks_webhook_process_again", args=[webhook.pk])
    assert "in quarantine again" not in shown(staff.get(page))
    for number in range(3):
        post({**STRANGE, "sms": {**STRANGE["sms"], "uid": str(number), "words": "HELP"}})  # type: ignore[dict-item]
    learn(webhook, inbound_mapping=SAMPLE)
    assert "Process all 3 in quarantine again" in shown(staff.get(page))
    assert staff.get(again).status_code == 405
    answer = shown(staff.post(again, follow=True))
    assert "3 callbacks are left to the workers" in answer
    assert "3 callbacks wait to be processed again" in answer
    assert "in quarantine again" not in answer
    assert process_leftovers() == 3
    assert "wait to be processed again" not in shown(staff.get(page))
    assert InboundMessage.objects.count() == 3
    assert "Nothing of this webhook stands in quarantine" in shown(staff.post(again, follow=True))
    entry = AuditEntry.objects.get(action="quarantined callbacks processed again")
    assert "3" in json.dumps(entry.changes)


def test_who_may_not_change_webhooks_processes_nothing_again(
    post: Post, webhook: Webhook, client: Client
) -> None:
    post(STRANGE)
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_webhook"))
    client.force_login(viewer)
    page = reverse("admin:webhooks_webhook_change", args=[webhook.pk])
    assert "in quarantine again" not in shown(client.get(page))
    again = reverse("admin:webhooks_webhook_process_again", args=[webhook.pk])
    assert client.post(again).status_code == 403
    assert only_request().state == RequestState.QUARANTINED


def test_more_than_fit_on_a_page_are_left_to_the_workers(
    post: Post, webhook: Webhook, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reprocessing, "MOST_AT_ONCE", 2)
    for number in range(5):
        post({**STRANGE, "sms": {"uid": str(number)}})
    learn(webhook, inbound_mapping=SAMPLE)
    outcome = process_again(request_ids=ids())
    assert (outcome.quarantined, outcome.waiting) == (2, 3)
    assert InboundRequest.objects.filter(state=RequestState.RECEIVED).count() == 3


def test_staff_process_one_and_selected_callbacks_again(post: Post, webhook: Webhook, staff: Client) -> None:
    post(STRANGE)
    page = reverse("admin:webhooks_inboundrequest_change", args=[only_request().pk])
    assert "Process again" in shown(staff.get(page))
    learn(webhook, inbound_mapping=SAMPLE)
    again = reverse("admin:webhooks_inboundrequest_again", args=[only_request().pk])
    assert staff.get(again).status_code == 405
    assert "1 processed." in shown(staff.post(again, follow=True))
    answer = staff.post(
        LIST, {"action": "process_again", "_selected_action": [str(only_request().pk)]}, follow=True
    )
    assert "1 processed." in shown(answer)
    assert AuditEntry.objects.filter(action="processed again").count() == 2
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("term", ["+1 415 555 0123", "4155550123", "message-7", "purple elephants", "PURPLE"])
def test_a_callback_is_found_by_number_id_and_words(post: Post, staff: Client, term: str) -> None:
    post(inbound("Where are my purple elephants?", id="message-7"))
    post(inbound("something else", id="message-8", **{"from": "+14155550177"}))
    rows = staff.get(LIST, {"q": term}).context["cl"].result_list
    assert [row.messages.get().provider_message_id for row in rows] == ["message-7"]


def test_each_event_of_a_callback_finds_it(post: Post, staff: Client) -> None:
    post([inbound("a", id="first"), inbound("b", id="second", **{"from": "+14155550177"})])
    for term in ("first", "second", "+14155550177", PERSON):
        assert len(staff.get(LIST, {"q": term}).context["cl"].result_list) == 1
    assert not staff.get(LIST, {"q": "third"}).context["cl"].result_list


def test_raw_callbacks_go_after_their_time_and_what_was_read_from_them_stays(
    post: Post, settings: Any
) -> None:
    post([inbound("STOP", id="a"), inbound("hello", id="b")])
    post(STRANGE)
    waiting = InboundRequest.objects.create(state=RequestState.RECEIVED)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert purge_callbacks() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        settings.SMSGATEWAY_RAW_CALLBACK_DAYS = 0
        assert purge_callbacks() == 0
        settings.SMSGATEWAY_RAW_CALLBACK_DAYS = 30
        assert purge_callbacks() == 2
    assert ids() == [waiting.pk]
    assert InboundMessage.objects.count() == 2
    assert ConsentEvent.objects.count() == 1
