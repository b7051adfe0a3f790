"""Writing webhooks: checked as a whole, and always with a URL of their own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from core.addresses import is_refused, literal
from core.ids import uuid7
from credentials import endpoints
from credentials.models import ApiCredential, CallbackEndpoint
from webhooks import lookup, verifying
from webhooks.configuration import parse
from webhooks.models import Webhook
from webhooks.presets import starting_verification
from webhooks.replies import FALLBACK_BRAND
from webhooks.samples import samples_of
from webhooks.verification import VerificationSpec
from webhooks.verifying import set_verification


@transaction.atomic
def create_webhook(*, credential: ApiCredential, name: str, **fields: Any) -> Webhook:
    """A new, enabled webhook of `credential` with its URL; `fields` are those of `Webhook`.

    Raises KeywordsOverlap, ConfigurationInvalid or MappingInvalid; nothing is kept then.
    """
    webhook = Webhook(name=name, **{"vendor": credential.vendor, **fields})
    return save_webhook(webhook=webhook, credential=credential)


@transaction.atomic
def save_webhook(*, webhook: Webhook, credential: ApiCredential) -> Webhook:
    """Save a new or changed webhook; a new one gets its URL, which stays when the credential changes."""
    webhook.pk = webhook.pk or uuid7()  # a form with rows takes the key of a new object away
    parse(webhook, credential)
    is_new = webhook._state.adding
    if is_new:
        webhook.endpoint = endpoints.create_endpoint(credential=credential)
    elif webhook.endpoint.credential_id != credential.pk:
        webhook.endpoint.credential = credential
        webhook.endpoint.save(update_fields=["credential"])
    webhook.save()
    if is_new and webhook.verification == VerificationSpec():
        _start_verification(webhook, credential)
    _forget()
    return webhook


def touch(*, webhook: Webhook) -> None:
    """Have the webhook read anew: something that belongs to it has changed."""
    verifying.touch(webhook)


def _start_verification(webhook: Webhook, credential: ApiCredential) -> None:
    """Verify from the first callback on where the vendor's preset says how and the credential has the secret."""
    found = starting_verification(webhook, credential)
    if found is not None:
        spec, secret = found
        set_verification(webhook=webhook, spec=spec, secrets=[secret])


@transaction.atomic
def delete_webhook(*, webhook: Webhook) -> None:
    """Delete the webhook and its URL; what came in through it is kept."""
    endpoint_id = webhook.endpoint_id
    webhook.delete()
    CallbackEndpoint.objects.filter(pk=endpoint_id).delete()
    _forget()


def rotate_url(*, webhook: Webhook) -> None:
    """Give the webhook a new URL; the old one answers 404 at once."""
    endpoints.rotate(endpoint=webhook.endpoint)
    _forget()


def set_enabled(*, webhook: Webhook, enabled: bool) -> None:
    """Switch the webhook on or off; switched off, its URL answers like an unknown one."""
    endpoints.set_enabled(endpoint=webhook.endpoint, enabled=enabled)
    _forget()


def initial_values(*, email: str = "", credential: ApiCredential | None = None) -> dict[str, Any]:
    """What the form of a new webhook starts with: brand and contact of the latest one, the vendor's samples."""
    latest = Webhook.objects.order_by("-created_at").only("brand", "help_contact").first()
    vendor = credential.vendor if credential else "custom"
    samples = samples_of(vendor)
    return {
        "vendor": vendor,
        "credential": credential.pk if credential else None,
        "brand": (latest.brand if latest else "") or FALLBACK_BRAND,
        "help_contact": (latest.help_contact if latest else "") or email,
        "inbound_mapping": samples.inbound,
        "report_mapping": samples.report,
    }


def is_local(public_url: str) -> bool:
    """Whether a URL leads to this machine or a private network, where no provider can reach it."""
    host = (urlsplit(public_url).hostname or "").rstrip(".")
    address = literal(host)
    if address is not None:
        return is_refused(address)
    return "." not in host or host.endswith((".local", ".localhost", ".internal", ".test", ".home.arpa"))


def _forget() -> None:
    # Now, for what follows in this transaction; after it, for what others looked up meanwhile.
    lookup.forget()
    transaction.on_commit(lookup.forget)
