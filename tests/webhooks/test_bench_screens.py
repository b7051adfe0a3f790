"""The test bench of a webhook in the admin."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import ConsentEvent
from tests.webhooks.conftest import Post, inbound, only_request, replies, shown
from tests.webhooks.test_screens import with_permissions
from webhooks.models import InboundRequest, Webhook


def bench_of(webhook: Webhook) -> str:
    return reverse("admin:webhooks_webhook_bench", args=[webhook.pk])


def raw_http(body: object) -> str:
    return f"POST /hooks/x/ HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{json.dumps(body)}"


@pytest.mark.parametrize(
    "posted",
    [
        {"request": raw_http(inbound("STOP"))},
        {"request": json.dumps(inbound("STOP"))},
        {"method": "POST", "headers": "Content-Type: application/json", "body": json.dumps(inbound("STOP"))},
        {"method": "GET", "url": "?type=inbound_message&id=1&from=%2B14155550123&to=1&text=STOP"},
        {"request": "type=inbound_message&id=1&from=%2B14155550123&to=1&text=STOP"},
    ],
    ids=["raw", "body", "pieces", "query", "form"],
)
def test_a_pasted_stop_shows_its_effect_and_has_none(
    staff: Client, webhook: Webhook, posted: dict[str, str]
) -> None:
    page = shown(staff.post(bench_of(webhook), posted))
    for words in ("Genuine", "Opt-out: STOP", "Whole message", "Opted out of everything", "HTTP 200"):
        assert words in page
    assert "Acme: You are unsubscribed" in page
    assert "1 part, GSM-7" in page
    assert not ConsentEvent.objects.exists()
    assert not InboundRequest.objects.exists()
    assert replies() == []


def test_a_kept_callback_fills_in_the_form_and_is_tried_as_if_new(
    staff: Client, webhook: Webhook, post: Post
) -> None:
    post(inbound("STOP"))
    kept = only_request()
    page = staff.get(bench_of(webhook), {"callback": str(kept.pk)})
    form = page.context["form"]
    assert "POST /hooks/" in form.initial["request"]
    sent = {"request": form.initial["request"].replace("\n", "\r\n"), "again": str(kept.pk)}
    assert "Received before; nothing was done again." in shown(staff.post(bench_of(webhook), sent))
    assert "Opt-out: STOP" in shown(staff.post(bench_of(webhook), {**sent, "anew": "on"}))
    assert ConsentEvent.objects.count() == InboundRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("request_text", "says"),
    [("", "Paste a request first"), ("POST /x HTTP/1.1\nno header here\n\n{}", "is no header")],
)
def test_what_is_no_request_is_said_at_the_field(
    staff: Client, webhook: Webhook, request_text: str, says: str
) -> None:
    assert says in shown(staff.post(bench_of(webhook), {"request": request_text}))


def test_who_may_not_change_webhooks_has_no_bench(webhook: Webhook) -> None:
    viewer = with_permissions("view_webhook", "view_inboundrequest")
    assert viewer.get(bench_of(webhook)).status_code == 403


def test_who_may_not_see_raw_callbacks_gets_none_filled_in(webhook: Webhook, post: Post) -> None:
    post(inbound("STOP"))
    changer = with_permissions("view_webhook", "change_webhook")
    page = changer.get(bench_of(webhook), {"callback": str(only_request().pk)})
    assert page.context["form"].initial == {}
