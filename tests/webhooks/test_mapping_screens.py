"""Mapping by clicking: samples that are kept, the sample that clicks make, tried before it goes live."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core.clock import now
from tests.webhooks.conftest import PERSON, SENDER, Post, inbound, only_request, shown
from tests.webhooks.test_screens import with_permissions
from webhooks import listening, marking
from webhooks.bodies import read_body
from webhooks.leftovers import process_leftovers
from webhooks.models import InboundMessage, KeptSample, Webhook
from webhooks.retention import forget_samples

STRANGE = {"event": "mo", "items": [{"who": PERSON, "us": SENDER, "msg": {"t": "STOP"}, "n": "7"}]}
MARKS = {
    '["event"]': "fixed",
    '["items", "who"]': "profileNumber",
    '["items", "us"]': "inboundNumber",
    '["items", "msg", "t"]': "inboundMessage",
    '["items", "n"]': "requestId",
}


def map_of(webhook: Webhook) -> str:
    return reverse("admin:webhooks_webhook_map", args=[webhook.pk])


def posted(staff: Client, webhook: Webhook, action: str, **values: Any) -> Any:
    return staff.post(map_of(webhook), {"action": action, **values}, follow=True)


def mapped(staff: Client, webhook: Webhook, action: str, marks: dict[str, str] = MARKS) -> Any:
    sample = webhook.samples.get()
    return posted(staff, webhook, action, kind="inbound", sample=str(sample.pk), marks=json.dumps(marks))


BODIES = {
    "json": ("application/json", json.dumps(STRANGE)),
    "list": ("application/json", json.dumps([STRANGE["items"][0], STRANGE["items"][0]])),
    "form": ("application/x-www-form-urlencoded", "who=%2B14155550123&t=STOP"),
    "xml": ("text/xml", '<sms kind="mo"><who>+14155550123</who><t lang="en">STOP</t></sms>'),
}


@pytest.mark.parametrize(
    ("body", "marks", "sample"),
    [
        ("json", {("items", "who"): "profileNumber"}, {"items": [{"who": "{{profileNumber}}"}]}),
        ("json", {("event",): "fixed"}, {"event": "mo"}),
        ("list", {("who",): "profileNumber"}, [{"who": "{{profileNumber}}"}]),
        ("form", {("t",): "inboundMessage"}, {"t": "{{inboundMessage}}"}),
        ("xml", {("sms", "t", "#text"): "inboundMessage"}, {"sms": {"t": {"#text": "{{inboundMessage}}"}}}),
        ("xml", {("sms", "@kind"): "fixed"}, {"sms": {"@kind": "mo"}}),
    ],
)
def test_clicked_places_make_a_sample_that_marks_the_same_places(
    body: str, marks: dict[tuple[str, ...], str], sample: Any
) -> None:
    content_type, text = BODIES[body]
    tree = read_body(content_type=content_type, query="", body=text.encode())
    made = marking.sample_of(tree, marks)
    assert json.loads(made) == sample
    assert marking.marked_in(made, "inbound") == marks
    assert set(marks) <= {line.place for line in marking.lines_of(tree) if line.value is not None}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": 1}', '{"[1]": 2}', '{"[\\"a\\"]": "nonsense"}', "9"])
def test_marks_that_make_no_sense_are_left_out(text: str) -> None:
    assert marking.read_marks(text, "inbound") == {}


def test_listening_keeps_the_next_callbacks_and_no_others(webhook: Webhook, post: Post) -> None:
    post(inbound("before"))
    listening.start(webhook=webhook, most=2)
    for text in ("one", "two", "three"):
        post(inbound(text))
    for _ in range(2):
        listening.collect(webhook=webhook)
    bodies = [json.loads(sample.body)["text"] for sample in webhook.samples.order_by("received_at")]
    assert bodies == ["one", "two"]
    assert not listening.state_of(webhook).on
    assert InboundMessage.objects.count() == 4


def test_listening_ends_after_an_hour(webhook: Webhook, post: Post) -> None:
    listening.start(webhook=webhook)
    with time_machine.travel(now() + timedelta(minutes=61)):
        post(inbound("late"))
        assert not listening.state_of(webhook).on
        assert listening.collect(webhook=webhook) == 0


def test_a_mapping_is_tried_on_all_samples_and_changes_nothing_before_it_is_saved(
    staff: Client, webhook: Webhook, post: Post
) -> None:
    posted(staff, webhook, "listen")
    post(STRANGE)
    assert "STOP" in shown(staff.get(map_of(webhook)))
    page = shown(mapped(staff, webhook, "try"))
    assert "fits neither sample" in page
    assert "STOP" in page
    webhook.refresh_from_db()
    assert webhook.inbound_mapping == ""
    assert not InboundMessage.objects.exists()


def test_a_saved_mapping_reads_the_next_callback_and_the_kept_ones_once(
    staff: Client, webhook: Webhook, post: Post
) -> None:
    post(STRANGE)
    posted(staff, webhook, "keep", callback=str(only_request().pk))
    assert "The mapping is live" in shown(mapped(staff, webhook, "save"))
    post({**STRANGE, "items": [{**STRANGE["items"][0], "n": "8", "msg": {"t": "HELP"}}]})
    assert InboundMessage.objects.get().intent == "help"
    posted(staff, webhook, "again")
    with time_machine.travel(now() + timedelta(minutes=2)):
        process_leftovers()
        process_leftovers()
    assert sorted(InboundMessage.objects.values_list("intent", flat=True)) == ["help", "opt_out"]


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        ({}, "Nothing is marked yet"),
        ({'["items", "who"]': "profileNumber"}, "Put {{inboundMessage}}"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_saved(
    staff: Client, webhook: Webhook, post: Post, marks: dict[str, str], says: str
) -> None:
    posted(staff, webhook, "paste", pasted=json.dumps(STRANGE))
    assert says in shown(mapped(staff, webhook, "save", marks))
    webhook.refresh_from_db()
    assert webhook.inbound_mapping == ""


def test_the_page_hears_of_new_samples_while_it_listens(staff: Client, webhook: Webhook, post: Post) -> None:
    posted(staff, webhook, "listen")
    url = reverse("admin:webhooks_webhook_map_live", args=[webhook.pk])
    assert staff.get(url).json()["count"] == 0
    post(STRANGE)
    answer = staff.get(url).json()
    assert (answer["on"], answer["count"], answer["left"]) == (True, 1, listening.MOST_CAUGHT - 1)
    assert "Real callback" in answer["html"]


def test_samples_are_sealed_and_go_after_thirty_days(webhook: Webhook, staff: Client) -> None:
    posted(staff, webhook, "paste", pasted=json.dumps(STRANGE))
    assert PERSON not in str(KeptSample.objects.values_list("body").get())
    assert forget_samples() == 0
    with time_machine.travel(now() + timedelta(days=31)):
        assert forget_samples() == 1


def test_who_may_not_change_webhooks_maps_nothing(webhook: Webhook) -> None:
    viewer = with_permissions("view_webhook", "view_inboundrequest")
    assert viewer.get(map_of(webhook)).status_code == 403
    assert viewer.post(map_of(webhook), {"action": "listen"}).status_code == 403
