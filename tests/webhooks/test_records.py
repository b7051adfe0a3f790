from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.webhooks.conftest import PERSON, Post, inbound, shown
from webhooks.models import InboundMessage, InboundRequest, Webhook
from webhooks.samples import samples_of
from webhooks.services import create_webhook, delete_webhook

ADD = reverse("admin:webhooks_webhook_add")
LIST = reverse("admin:webhooks_webhook_changelist")
LABELS = [
    "Name", "Select SMS vendor", "Select API credentials", "Brand name", "Help contact",
    "Opt-in Keywords", "Opt-in Message", "Opt-out Keywords", "Opt-out Message",
]  # fmt: skip


def check(staff: Client, kind: str, source: Any) -> dict[str, Any]:
    url = reverse(f"admin:webhooks_webhook_{kind}_check")
    answer = staff.post(url, json.dumps({"source": source, "fields": {}}), content_type="application/json")
    found: dict[str, Any] = answer.json()
    return found


def test_the_editor_shows_what_a_sample_would_read(staff: Client) -> None:
    found = check(staff, "payload", samples_of("infobip").inbound)
    assert found["problems"] == []
    assert 'inboundMessage: taken from "results[].text"' in found["preview"]
    found = check(staff, "report", samples_of("twilio").report)
    assert "originTimestamp: not in the sample" in found["preview"]
    assert found["picker"][0]["items"][0]["insert"] == "{{feedbackStatus}}"


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ('{\n  "a": nope\n}', 2, 8),
        ('{\n  "a": "{{nope}}"\n}', 2, 8),
        ('{"a": "{{profileNumber}}"}', 1, 1),
        ("", 1, 1),
        (None, 1, 1),
        ("x" * 60_000, 1, 1),
    ],
)
def test_the_editor_names_line_and_column(staff: Client, source: Any, line: int, column: int) -> None:
    (problem,) = check(staff, "payload", source)["problems"]
    assert (problem["line"], problem["column"], problem["level"]) == (line, column, "error")


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '"text"'])
def test_the_editor_survives_any_body(staff: Client, body: str) -> None:
    url = reverse("admin:webhooks_webhook_payload_check")
    assert staff.post(url, body, content_type="application/json").json()["problems"]


def test_inbound_messages_are_found_by_number_in_any_form(staff: Client, post: Post) -> None:
    post(inbound("STOP", id="m-1"))
    post(inbound("hello", id="m-2", **{"from": "+14155550188"}))
    url = reverse("admin:webhooks_inboundmessage_changelist")
    for term in (PERSON, "1 (415) 555-0123", "m-1"):
        rows = staff.get(url, {"q": term}).context["cl"].result_list
        assert [row.text for row in rows] == ["STOP"]
    page = shown(staff.get(url))
    assert "Opt-out" in page
    assert "No keyword" in page
    message = InboundMessage.objects.get(text="STOP")
    detail = shown(staff.get(reverse("admin:webhooks_inboundmessage_change", args=[message.pk])))
    assert "You are unsubscribed" in detail
    assert "Raw callback" in detail


def test_quarantined_callbacks_show_reason_and_body(staff: Client, post: Post) -> None:
    post({"strange": "<b>body</b>"}, HTTP_AUTHORIZATION="Basic c2VjcmV0")
    request = InboundRequest.objects.get()
    listed = shown(staff.get(reverse("admin:webhooks_inboundrequest_changelist")))
    assert "Quarantined" in listed
    assert "fits neither sample" in listed
    detail = shown(staff.get(reverse("admin:webhooks_inboundrequest_change", args=[request.pk])))
    assert "&lt;b&gt;body&lt;/b&gt;" in detail
    assert "c2VjcmV0" not in detail


@pytest.mark.parametrize("model", ["inboundmessage", "inboundrequest"])
def test_records_cannot_be_added_changed_or_deleted(staff: Client, post: Post, model: str) -> None:
    post(inbound("STOP"))
    row = {"inboundmessage": InboundMessage, "inboundrequest": InboundRequest}[model].objects.get()
    assert staff.get(reverse(f"admin:webhooks_{model}_add")).status_code == 403
    assert staff.post(reverse(f"admin:webhooks_{model}_change", args=[row.pk]), {}).status_code == 403
    assert (
        staff.post(reverse(f"admin:webhooks_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )


@pytest.mark.parametrize("model", ["webhook", "inboundmessage", "inboundrequest"])
def test_a_page_that_does_not_exist_is_no_error(staff: Client, model: str) -> None:
    url = reverse(f"admin:webhooks_{model}_change", args=["0195b0c4-6e1a-7c3d-9a52-3f1e8d20c7a1"])
    assert staff.get(url).status_code == 302
    assert staff.get(url.replace("0195b0c4", "nonsense")).status_code == 302


@pytest.mark.parametrize("model", ["webhook", "inboundmessage", "inboundrequest"])
def test_lists_take_the_same_few_queries_however_many_rows(
    staff: Client, webhook: Webhook, post: Post, model: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        post(inbound("HELP", id=str(number)))
        create_webhook(credential=webhook.credential, name=f"Shop {number}")
    with django_assert_max_num_queries(16):  # one of them asks PostgreSQL about how many there are
        staff.get(reverse(f"admin:webhooks_{model}_changelist"))


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("term", ["415 555 0123", "(415) 555-0123", "+14155550123", "m-7"])
def test_a_message_is_found_by_number_and_by_id_also_when_its_webhook_is_gone(
    staff: Client, post: Post, webhook: Webhook, term: str, gone: bool
) -> None:
    post(inbound("hello", id="m-7"))
    post(inbound("hello", id="m-8", **{"from": "+14155550199"}))
    if gone:
        delete_webhook(webhook=webhook)
    answer = staff.get(reverse("admin:webhooks_inboundmessage_changelist"), {"q": term})
    assert [row.provider_message_id for row in answer.context["cl"].result_list] == ["m-7"]
