"""Messages forwarded to an operator's URL: by a worker, guarded, again until it answers, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from core.clock import now
from tests.webhooks.conftest import PERSON, Post, inbound, shown
from webhooks import forward_signing
from webhooks.forwarding import MOST_TRIES, forward_due, pause_after
from webhooks.models import CustomKeyword, Forward, ForwardSecret, Webhook
from webhooks.services import touch

URL = "https://shop.example/sms"


@pytest.fixture
def forward(webhook: Webhook, post: Post) -> Forward:
    CustomKeyword.objects.create(
        webhook=webhook, name="Food", keywords="PIZZA", action="forward", forward_url=URL
    )
    touch(webhook=webhook)
    assert post(inbound("pizza")).status_code == 200
    return Forward.objects.get()


def state(forward: Forward) -> tuple[str, int]:
    forward.refresh_from_db()
    return forward.state, forward.tries


def guarded() -> Any:
    return responses.RequestsMock(target="core.http.GuardedAdapter.send")


def test_the_message_goes_out_once_with_what_was_read(forward: Forward) -> None:
    with guarded() as provider:
        provider.post(URL, status=204)
        assert forward_due() == 1
        assert forward_due() == 0
        call = provider.calls[0].request
    body = json.loads(call.body)
    assert (body["from"], body["text"], body["category"], body["keyword"]) == (
        PERSON,
        "pizza",
        "Food",
        "PIZZA",
    )
    assert call.headers["Idempotency-Key"] == str(forward.pk)
    assert state(forward) == ("sent", 1)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_refusal_is_tried_again_later_and_given_up_in_the_end(forward: Forward, status: int) -> None:
    moment = now()
    with guarded() as provider:
        provider.post(URL, status=status)
        for number in range(MOST_TRIES):
            with time_machine.travel(moment):
                assert forward_due() == 0
                assert forward_due() == 0  # not due yet
            moment += pause_after(number + 1) + timedelta(seconds=1)
    assert state(forward) == ("failed", MOST_TRIES)
    assert forward.last_answer == f"HTTP {status}"


def test_an_address_inside_the_network_is_refused(forward: Forward) -> None:
    Forward.objects.update(url="http://127.0.0.1:9/x")
    assert forward_due() == 0
    assert state(forward)[0] == "waiting"
    assert "127.0.0.1" in forward.last_answer


def delivered(forward: Forward) -> Any:
    """The request by which a forward goes out now."""
    Forward.objects.update(state="waiting", due_at=now())
    with guarded() as provider:
        provider.post(URL, status=200)
        assert forward_due() == 1
        return provider.calls[0].request


def proofs_of(request: Any, secret: str) -> list[str]:
    """As the receiver computes it from the documentation."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    return [f"v1,{base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()}"]


def test_a_published_example_is_signed_as_it_says() -> None:
    """The example of standardwebhooks.com."""
    headers = forward_signing.signed(
        b'{"test": 2432232314}',
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_nothing_is_signed(forward: Forward) -> None:
    request = delivered(forward)
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"] == str(forward.pk)


def test_forwards_are_signed_and_after_a_rotation_by_both_secrets_for_a_day(
    forward: Forward, webhook: Webhook
) -> None:
    first = forward_signing.rotate_secret(webhook=webhook)
    request = delivered(forward)
    assert request.headers["webhook-signature"].split() == proofs_of(request, first)
    assert abs(int(request.headers["webhook-timestamp"]) - now().timestamp()) < 60
    second = forward_signing.rotate_secret(webhook=webhook)
    request = delivered(forward)
    both = proofs_of(request, second) + proofs_of(request, first)
    assert request.headers["webhook-signature"].split() == both
    with time_machine.travel(now() + timedelta(hours=25)):
        request = delivered(forward)
        assert request.headers["webhook-signature"].split() == proofs_of(request, second)
        forward_signing.rotate_secret(webhook=webhook)
    assert ForwardSecret.objects.count() == 2


def test_the_secret_is_shown_once_and_sealed(staff: Client, forward: Forward, webhook: Webhook) -> None:
    page = reverse("admin:webhooks_webhook_change", args=[webhook.pk])
    assert "They are not signed" in shown(staff.get(page))
    answer = staff.post(reverse("admin:webhooks_webhook_forward_secret", args=[webhook.pk]))
    assert "no-store" in answer.headers["Cache-Control"]
    secret = ForwardSecret.objects.get().value
    assert secret in shown(answer)
    assert secret not in shown(staff.get(page))
    assert "Replace the signing secret" in shown(staff.get(page))
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM webhooks_forwardsecret")
        assert secret not in cursor.fetchone()[0]
    entry = AuditEntry.objects.get(action="signing secret replaced")
    assert secret not in json.dumps(entry.changes)
    assert staff.get(reverse("admin:webhooks_webhook_forward_secret", args=[webhook.pk])).status_code == 405


LIST = reverse("admin:webhooks_forward_changelist")


def test_staff_see_how_far_each_is_and_have_one_sent_again(staff: Client, forward: Forward) -> None:
    Forward.objects.update(state="failed", tries=MOST_TRIES, last_answer="HTTP 500")
    page = shown(staff.get(LIST))
    assert "Given up" in page
    assert "HTTP 500" in page
    assert shown(staff.get(reverse("admin:webhooks_forward_change", args=[forward.pk]))).count("HTTP 500")
    choice = {"action": "send_again", "_selected_action": [str(forward.pk)]}
    staff.post(LIST, choice)
    assert state(forward) == ("waiting", 0)
    assert AuditEntry.objects.filter(action="sent again").count() == 1
    with guarded() as provider:
        provider.post(URL, status=200)
        assert forward_due() == 1
        assert provider.calls[0].request.headers["webhook-id"] == str(forward.pk)


def test_who_may_only_look_sends_nothing_again_and_makes_no_secret(
    client: Client, forward: Forward, webhook: Webhook
) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_forward", "view_webhook"]))
    client.force_login(viewer)
    Forward.objects.update(state="failed")
    client.post(LIST, {"action": "send_again", "_selected_action": [str(forward.pk)]})
    assert state(forward)[0] == "failed"
    secret_url = reverse("admin:webhooks_webhook_forward_secret", args=[webhook.pk])
    assert client.post(secret_url).status_code == 403
    assert "They are not signed" in shown(
        client.get(reverse("admin:webhooks_webhook_change", args=[webhook.pk]))
    )
    assert not ForwardSecret.objects.exists()
