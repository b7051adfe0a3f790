"""The section "Verification" of the webhook form: what is taken, what is emptied, what is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from access.models import AuditEntry
from credentials import storing
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from tests.webhooks.conftest import shown
from tests.webhooks.signing import SECRET
from tests.webhooks.test_screens import ADD, filled, page_of
from webhooks.forms import WebhookForm
from webhooks.models import Webhook
from webhooks.verification import SCHEMES, VerificationSpec
from webhooks.verifying import set_verification


def form_of(webhook: Webhook, **values: Any) -> WebhookForm:
    return WebhookForm(filled(webhook.endpoint.credential, **values), instance=webhook)


def test_every_scheme_is_offered_with_its_fields(staff: Client) -> None:
    page = shown(staff.get(ADD))
    for kind, scheme in SCHEMES.items():
        assert f'<option value="{kind}"' in page
        for name in scheme.fields:
            assert f'name="verify_{name}"' in page
    assert 'name="verify_secret"' in page


def test_a_new_webhook_is_created_with_its_secret(staff: Client, credential: ApiCredential) -> None:
    values = filled(credential, verify_scheme="twilio", verify_secret=SECRET, verify_label="first")
    assert staff.post(ADD, values).status_code == 302
    webhook = Webhook.objects.get()
    assert webhook.verification == VerificationSpec(scheme="twilio")
    assert [(row.value, row.label) for row in webhook.secrets.all()] == [(SECRET, "first")]
    assert SECRET not in str(AuditEntry.objects.values_list("changes", flat=True))
    assert AuditEntry.objects.filter(action="secret added").exists()


def test_a_secret_is_never_shown_again(staff: Client, webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=VerificationSpec(scheme="twilio"), secrets=[SECRET])
    assert SECRET not in shown(staff.get(page_of(webhook)))
    wrong = filled(
        webhook.credential, name="", verify_scheme="twilio", verify_secret="typed but wrong elsewhere"
    )
    assert "typed but wrong" not in shown(staff.post(page_of(webhook), wrong))


ERRORS: list[tuple[dict[str, Any], str, str]] = [
    ({"verify_scheme": "twilio"}, "verify_secret", "Auth Token: paste it here."),
    ({"verify_scheme": "standard", "verify_secret": "no base64!"}, "verify_secret", "whsec_"),
    ({"verify_scheme": "ed25519", "verify_secret": "AAAA"}, "verify_secret", "32 bytes"),
    ({"verify_scheme": "header", "verify_secret": "x"}, "verify_header", "Fill this in."),
    ({"verify_scheme": "basic", "verify_secret": "x", "verify_username": "a:b"}, "verify_username", "colon"),
    (
        {
            "verify_scheme": "hmac",
            "verify_secret": "x",
            "verify_header": "X-S",
            "verify_signed": "{ts}{body}",
        },
        "verify_timestamp_header",
        "name its header",
    ),
    ({"verify_addresses": "10.0.0.0/40"}, "verify_addresses", "10.0.0.0/40 is no address"),
    ({"verify_scheme": "sinch", "verify_secret": "x", "verify_tolerance": "0"}, "verify_tolerance", "1"),
    (
        {"verify_scheme": "twilio", "verify_secret": "x", "verify_url": "https://a.example/?x=1"},
        "verify_url",
        "without ?",
    ),
    ({"verify_scheme": "magic"}, "verify_scheme", "magic"),
]


@pytest.mark.parametrize(("values", "field", "text"), ERRORS)
def test_what_cannot_work_is_said_at_its_field(
    webhook: Webhook, values: dict[str, Any], field: str, text: str
) -> None:
    form = form_of(webhook, **values)
    assert not form.is_valid()
    assert text in " ".join(form.errors[field])


def test_the_page_says_where_the_provider_shows_the_secret(staff: Client, webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=VerificationSpec(scheme="twilio"), secrets=[SECRET])
    page = shown(staff.get(page_of(webhook)))
    assert "<span data-where>Twilio Console &gt; Account" in page


def test_fields_of_other_schemes_go_back_to_their_defaults(webhook: Webhook) -> None:
    form = form_of(
        webhook, verify_scheme="bearer", verify_secret="x", verify_header="X-Left", verify_username="left",
        verify_url="https://left.example",
    )  # fmt: skip
    assert form.is_valid(), form.errors
    assert form.save().verification == VerificationSpec(scheme="bearer")


def test_a_blank_secret_keeps_the_list_and_a_new_one_is_added(webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=VerificationSpec(scheme="bearer"), secrets=[SECRET])
    form_of(webhook, verify_scheme="bearer").save()
    assert webhook.secrets.count() == 1
    form_of(webhook, verify_scheme="bearer", verify_secret="new", verify_overlap="week").save()
    new, old = webhook.secrets.all()
    assert (new.value, old.value) == ("new", SECRET)
    assert old.valid_until is not None


def test_secrets_of_another_scheme_end_when_the_scheme_changes(webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=VerificationSpec(scheme="bearer"), secrets=[SECRET])
    form_of(webhook, verify_scheme="twilio", verify_secret="auth token", verify_overlap="removed").save()
    new, old = webhook.secrets.all()
    assert old.valid_until == new.created_at


def test_the_token_of_the_url_is_not_kept_in_the_open(webhook: Webhook) -> None:
    pasted = f"https://proxy.example/in/hooks/{webhook.endpoint.token}/"
    form = form_of(webhook, verify_scheme="twilio", verify_secret=SECRET, verify_url=pasted)
    assert form.save().verify_url == "https://proxy.example/in{path}"


def test_a_form_that_says_nothing_of_verification_keeps_the_scheme(staff: Client, webhook: Webhook) -> None:
    set_verification(webhook=webhook, spec=VerificationSpec(scheme="bearer"), secrets=[SECRET])
    assert staff.post(page_of(webhook), filled(webhook.credential)).status_code == 302
    webhook.refresh_from_db()
    assert webhook.verify_scheme == "bearer"


def test_a_secret_that_the_credential_holds_need_not_be_pasted_again(staff: Client, db: None) -> None:
    inputs = {"account_sid": "AC1", "auth_token": SECRET}
    twilio = storing.store(credential=ApiCredential(), name="Twilio", preset=VENDORS["twilio"], inputs=inputs)
    values = filled(twilio, vendor="twilio", inbound_mapping="", report_mapping="", verify_scheme="twilio")
    assert staff.post(ADD, values).status_code == 302
    assert [row.value for row in Webhook.objects.get().secrets.all()] == [SECRET]
