"""Verification from the URL to the database: what is refused, what is kept of it, secrets and nonces."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from access.checks import check_trusted_proxies
from access.models import AuditEntry
from core.callers import networks_of
from core.clock import now
from reports.alerts import alerts
from reports.dashboard import read_setup
from tests.threads import run_together
from tests.webhooks.conftest import inbound, path_of, shown
from tests.webhooks.signing import NOW, SCHEMES, SECRET, body_of, mac
from webhooks import lookup, nonces, receiving, refusals
from webhooks.callback import Callback
from webhooks.models import InboundMessage, InboundRequest, RefusalCount, RefusedCallback, UsedNonce, Webhook
from webhooks.nonces import claim, forget_expired, settle
from webhooks.secrets import add_secret, remove_secret
from webhooks.verification import Cause, VerificationSpec
from webhooks.verifying import remember, set_verification, verifier_of

BEARER = VerificationSpec(scheme="bearer")


def verified(webhook: Webhook, spec: VerificationSpec = BEARER, *secrets: str) -> Webhook:
    set_verification(webhook=webhook, spec=spec, secrets=secrets or (SECRET,))
    return webhook


def send(client: Client, webhook: Webhook, token: str = SECRET, **extra: Any) -> int:
    body = json.dumps(inbound("STOP"))
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = client.post(path_of(webhook), body, content_type="application/json", headers=headers, **extra)
    return int(answer.status_code)


def fresh(kind: str, nonce: str = "n-1", text: str = "STOP") -> Callback:
    """A genuine call of this very moment."""
    body = json.dumps(inbound(text)).encode()
    moment = now()
    return replace(SCHEMES[kind].call(body, at=int(moment.timestamp()), nonce=nonce), received_at=moment)


def test_a_call_that_is_not_genuine_leaves_nothing_but_a_note(client: Client, webhook: Webhook) -> None:
    verified(webhook)

    assert send(client, webhook, "wrong") == 403
    assert send(client, webhook, "") == 403

    assert not InboundRequest.objects.exists()
    assert [row.cause for row in RefusedCallback.objects.all()] == [Cause.MISSING, Cause.MISMATCH]
    assert send(client, webhook) == 200
    assert InboundMessage.objects.get().text == "STOP"


def test_the_caller_is_told_nothing(client: Client, webhook: Webhook) -> None:
    verified(webhook)
    answer = client.post(path_of(webhook), "{}", content_type="application/json")
    assert answer.content == b"Refused."


def test_what_is_noted_holds_neither_body_nor_secret_nor_the_urls_token(
    client: Client, webhook: Webhook
) -> None:
    set_verification(webhook=webhook, spec=SCHEMES["twilio"].spec, secrets=[SECRET])
    client.post(
        path_of(webhook), "Body=private", content_type="application/x-www-form-urlencoded",
        headers={"x-twilio-signature": "forged-signature"},
    )  # fmt: skip
    row = RefusedCallback.objects.get()
    noted = json.dumps({name: str(value) for name, value in row.__dict__.items()})
    assert "X-Twilio-Signature" in row.header_names
    assert (row.body_size, row.address, row.method) == (12, "127.0.0.1", "POST")
    assert row.signed_url == "https://sms.example.com/hooks/…/"
    for secret in ("private", SECRET, "forged-signature", webhook.endpoint.token):
        assert secret not in noted


def test_refusals_are_counted_and_only_the_latest_are_kept(webhook: Webhook) -> None:
    verified(webhook)
    verdict = verifier_of(webhook).check(Callback())
    for number in range(25):
        refusals.keep(webhook=webhook, callback=Callback(method=f"P{number}"), verdict=verdict)

    found = refusals.of_webhook(webhook)

    assert RefusedCallback.objects.count() == refusals.KEPT == 20
    assert found.count == 20  # of a flood not each one is written at once
    assert found.latest[0].method == "P19"
    RefusalCount.objects.update(hour=now() - timedelta(hours=25))
    assert refusals.of_webhook(webhook).count == 0
    RefusalCount.objects.update(hour=now() - timedelta(days=9))
    assert refusals.forget_old() == 1


def test_a_webhook_that_is_set_up_wrong_refuses_everybody(client: Client, webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(verify_scheme="hmac")
    assert send(client, webhook) == 403
    assert RefusedCallback.objects.get().reason == "header: Fill this in."


def test_keywords_that_cannot_be_read_do_not_open_the_door(client: Client, webhook: Webhook) -> None:
    verified(webhook)
    Webhook.objects.filter(pk=webhook.pk).update(opt_in_keywords="STOP", opt_out_keywords="STOP")
    assert send(client, webhook, "wrong") == 403
    assert not InboundRequest.objects.exists()


def test_old_and_new_secret_count_until_the_old_one_ends(client: Client, webhook: Webhook) -> None:
    verified(webhook)
    add_secret(webhook=webhook, value="the new one", label="May", overlap="day")
    assert send(client, webhook) == 200
    assert send(client, webhook, "the new one") == 200

    old, new = webhook.secrets.order_by("created_at")
    assert old.valid_until is not None
    assert timedelta(hours=23) < old.valid_until - now() <= timedelta(hours=24)
    assert new.valid_until is None
    assert old.last_used_at
    assert new.last_used_at

    webhook.secrets.filter(pk=old.pk).update(valid_until=now() - timedelta(seconds=1))
    add_secret(webhook=webhook, value="the newest", overlap="removed")
    assert send(client, webhook) == 403
    assert send(client, webhook, "the new one") == 200


@pytest.mark.parametrize(
    ("overlap", "left"), [("now", timedelta(0)), ("week", timedelta(days=7)), ("removed", None)]
)
def test_how_long_the_old_secret_counts_is_chosen(
    webhook: Webhook, overlap: str, left: timedelta | None
) -> None:
    verified(webhook)
    added = add_secret(webhook=webhook, value="the new one", overlap=overlap)
    old = webhook.secrets.exclude(pk=added.pk).get()
    assert old.valid_until == (None if left is None else added.created_at + left)


def test_a_secret_that_ends_sooner_is_not_prolonged(webhook: Webhook) -> None:
    verified(webhook)
    add_secret(webhook=webhook, value="second", overlap="day")
    ends = webhook.secrets.get(valid_until__isnull=False).valid_until
    add_secret(webhook=webhook, value="third", overlap="week")
    assert webhook.secrets.filter(valid_until=ends).count() == 1


def test_a_removed_secret_is_refused_at_once(client: Client, webhook: Webhook) -> None:
    verified(webhook)
    assert send(client, webhook) == 200
    remove_secret(secret=webhook.secrets.get())
    assert send(client, webhook) == 403
    assert RefusedCallback.objects.get().cause == Cause.NOT_SET_UP


@pytest.mark.parametrize("kind", ["sinch", "standard", "jwt", "hmac"])
def test_a_used_nonce_is_refused_the_second_time(webhook: Webhook, kind: str) -> None:
    signed = SCHEMES[kind]
    callback = signed.call(body_of(kind))
    verdict = signed.verifier().check(callback)

    first = claim(webhook=webhook, callback=callback, verdict=verdict)
    settle(first, taken=True)
    again = claim(webhook=webhook, callback=callback, verdict=verdict)

    assert first.verdict.valid
    assert not again.verdict.valid
    assert again.verdict.cause is Cause.REPLAYED
    other = replace(callback, query="other=1")
    assert not claim(webhook=webhook, callback=other, verdict=verdict).repeats


def test_a_repeat_of_a_call_that_was_taken_gets_the_same_answer_and_does_nothing(webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=SCHEMES["sinch"].spec, secrets=[SECRET])
    callback = fresh("sinch")

    answers = [receiving.receive(webhook=webhook, callback=callback).status for _ in range(3)]

    assert answers == [200, 200, 200]
    assert InboundRequest.objects.count() == 1
    assert not RefusedCallback.objects.exists()


def test_a_nonce_with_another_call_is_a_replay(webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=SCHEMES["standard"].spec, secrets=[SCHEMES["standard"].secret])
    assert receiving.receive(webhook=webhook, callback=fresh("standard")).status == 200
    assert receiving.receive(webhook=webhook, callback=fresh("standard", text="START")).status == 403
    assert receiving.receive(webhook=webhook, callback=fresh("standard", "n-2", text="START")).status == 200
    assert RefusedCallback.objects.get().cause == Cause.REPLAYED


def test_a_call_on_which_we_failed_may_come_again(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    set_verification(webhook=webhook, spec=SCHEMES["sinch"].spec, secrets=[SECRET])
    callback = fresh("sinch")

    def fails(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("our fault")

    with monkeypatch.context() as patched:
        patched.setattr(receiving, "_process", fails)
        assert receiving.receive(webhook=webhook, callback=callback).status == 500
    assert not UsedNonce.objects.exists()
    assert receiving.receive(webhook=webhook, callback=callback).status == 200
    assert InboundMessage.objects.count() == 1


def test_a_nonce_whose_claimer_died_is_claimed_anew(webhook: Webhook) -> None:
    callback = fresh("sinch")
    verdict = SCHEMES["sinch"].verifier().check(callback)
    claim(webhook=webhook, callback=callback, verdict=verdict)
    UsedNonce.objects.update(claimed_at=now() - timedelta(seconds=61))
    again = claim(webhook=webhook, callback=callback, verdict=verdict)
    assert again.verdict.valid
    settle(again, taken=True)
    assert claim(webhook=webhook, callback=callback, verdict=verdict).repeats


def test_a_call_that_is_being_processed_is_not_answered_as_taken(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nonces, "_PATIENCE", 0.1)
    set_verification(webhook=webhook, spec=SCHEMES["sinch"].spec, secrets=[SECRET])
    callback = fresh("sinch")
    claim(webhook=webhook, callback=callback, verdict=verifier_of(webhook).check(callback))
    assert receiving.receive(webhook=webhook, callback=callback).status == 503
    assert not InboundRequest.objects.exists()


def test_nonces_are_kept_as_long_as_their_call_would_pass(webhook: Webhook) -> None:
    callback = SCHEMES["sinch"].call()
    verdict = SCHEMES["sinch"].verifier().check(callback)
    claim(webhook=webhook, callback=callback, verdict=verdict)
    assert UsedNonce.objects.get().expires_at == NOW + timedelta(seconds=330)
    assert forget_expired() == (1 if now() > NOW + timedelta(seconds=330) else 0)


@pytest.mark.django_db(transaction=True)
def test_fifty_copies_of_one_call_have_one_effect(webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=SCHEMES["sinch"].spec, secrets=[SECRET])
    callback = fresh("sinch")

    answers = run_together(lambda: receiving.receive(webhook=webhook, callback=callback).status, times=50)

    assert set(answers) == {200}
    assert InboundRequest.objects.count() == 1
    assert InboundMessage.objects.count() == 1


def test_a_forged_forwarding_header_does_not_open_an_address_list(
    client: Client, webhook: Webhook, settings: Any
) -> None:
    set_verification(webhook=webhook, spec=VerificationSpec(addresses="198.51.100.0/24"))
    assert send(client, webhook) == 403
    assert send(client, webhook, HTTP_X_FORWARDED_FOR="198.51.100.7") == 403
    settings.SMSGATEWAY_TRUSTED_PROXIES = networks_of(["127.0.0.1"])
    assert send(client, webhook, HTTP_X_FORWARDED_FOR="198.51.100.7") == 200
    assert send(client, webhook, HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.1") == 403


def test_a_signed_url_is_the_public_one_whatever_the_request_says(
    client: Client, webhook: Webhook, settings: Any
) -> None:
    settings.SMSGATEWAY_PUBLIC_URL = "https://sms.example.com"
    settings.SECURE_SSL_REDIRECT = False
    set_verification(webhook=webhook, spec=SCHEMES["twilio"].spec, secrets=[SECRET])
    signed = f"https://sms.example.com{path_of(webhook)}BodySTOPFrom+14155550123MessageSidSM1"
    headers = {"x-twilio-signature": mac(SECRET.encode(), signed.encode(), "sha1")}
    for extra in ({}, {"HTTP_X_FORWARDED_PROTO": "http"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}):
        answer = client.post(
            path_of(webhook),
            "Body=STOP&From=%2B14155550123&MessageSid=SM1",
            content_type="application/x-www-form-urlencoded",
            headers=headers,
            **extra,
        )
        assert answer.status_code == 200


def test_refused_callbacks_are_an_alert_that_leads_to_the_webhook(client: Client, webhook: Webhook) -> None:
    verified(webhook)
    send(client, webhook, "wrong")
    found = [alert for alert in alerts(read_setup()) if "refused" in alert.text]
    assert [alert.text for alert in found] == ["Shop refused 1 callback in the last 24 hours: not verified."]
    assert found[0].target.object_id == str(webhook.pk)


def test_staff_see_why_and_what_to_do(client: Client, staff: Client, webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=SCHEMES["twilio"].spec, secrets=[SECRET])
    Client().post(path_of(webhook), "Body=STOP", content_type="application/x-www-form-urlencoded",
                  headers={"x-twilio-signature": "x"})  # fmt: skip
    page = shown(staff.get(reverse("admin:webhooks_webhook_change", args=[webhook.pk])))
    assert "1 callback was refused in the last 24 hours." in page
    assert "The signature does not match." in page
    assert "https://sms.example.com/hooks/…/ was checked" in page
    assert "Auth Token" in page
    assert SECRET not in page


def test_removing_a_secret_is_a_post_and_stands_in_the_audit_trail(staff: Client, webhook: Webhook) -> None:
    verified(webhook)
    secret = webhook.secrets.get()
    url = reverse("admin:webhooks_webhook_secret_remove", args=[webhook.pk, secret.pk])
    assert staff.get(url).status_code == 405
    assert webhook.secrets.count() == 1
    assert staff.post(url).status_code == 302
    assert not webhook.secrets.exists()
    assert AuditEntry.objects.filter(action="secret removed", object_id=str(webhook.pk)).exists()


def test_a_viewer_sees_the_secrets_but_cannot_remove_one(
    client: Client, webhook: Webhook, viewer: Any
) -> None:
    verified(webhook)
    client.force_login(viewer)
    page = shown(client.get(reverse("admin:webhooks_webhook_change", args=[webhook.pk])))
    assert "Verification" in page
    assert "Remove this secret" not in page
    url = reverse("admin:webhooks_webhook_secret_remove", args=[webhook.pk, webhook.secrets.get().pk])
    assert client.post(url).status_code == 403


@pytest.fixture
def viewer(db: None) -> Any:
    user = User.objects.create_user("viewer", password="viewer-password-1", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    return user


def test_trusting_the_whole_internet_as_a_proxy_is_an_error(settings: Any) -> None:
    settings.SMSGATEWAY_TRUSTED_PROXIES = networks_of(["10.0.0.0/8"])
    assert check_trusted_proxies() == []
    settings.SMSGATEWAY_TRUSTED_PROXIES = networks_of(["10.0.0.0/8", "::/0"])
    assert [error.id for error in check_trusted_proxies()] == ["smsgateway.E022"]


def test_verifiers_are_at_hand_while_the_database_does_not_answer(
    webhook: Webhook, django_assert_num_queries: Any
) -> None:
    set_verification(webhook=webhook, spec=BEARER, secrets=[SECRET])
    lookup.learn()
    remember(lookup.learnt())
    known = next(found for found in lookup.learnt() if found.pk == webhook.pk)
    genuine = Callback(headers={"Authorization": f"Bearer {SECRET}"})
    with django_assert_num_queries(0):
        assert verifier_of(known).check(genuine).valid
        assert not verifier_of(known).check(Callback()).valid
