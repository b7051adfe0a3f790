"""Making the database be what the files say: all of it or nothing, checked by the same checks as the forms."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from access import audit
from core.errors import ConfigurationInvalid, GatewayError
from credentials import storing
from credentials.models import ApiCredential
from credentials.vendors import CUSTOM, VENDORS
from credentials.vendors.loading import preset_from_data
from credentials.vendors.preset import Preset
from messaging import channels, releasing
from messaging.forms import ChannelConfigurationForm
from messaging.models import ChannelConfiguration, ChannelStatus
from messaging.models.timing import TIMING_FIELDS
from operations.configuration.audiences import apply_audience
from operations.configuration.changes import Plan
from operations.configuration.documents import Document
from operations.configuration.limits import apply_limits, apply_spend_limit
from operations.configuration.routes import apply_routes
from operations.configuration.texts import apply_template
from webhooks.custom_rows import replace_rows
from webhooks.forms import WebhookForm
from webhooks.models import Webhook
from webhooks.models.verified import PREFIX
from webhooks.verification import VerificationSpec

SECRETS_PREFIX: Final = "SMSGATEWAY_SECRET_"
VERIFICATION: Final = "verification"
_NOT_A_NAME: Final = re.compile(r"[^A-Z0-9]+")


@transaction.atomic
def apply(plans: Iterable[Plan], *, actor: str) -> list[str]:
    """Apply every plan that changes something; gives what was done. ConfigurationInvalid: nothing is changed."""
    done = []
    for plan in plans:
        if not plan.is_needed:
            continue
        try:
            record = _APPLIERS[plan.document.kind](plan.document, actor)
        except ValidationError as error:
            raise ConfigurationInvalid(f"{plan.document.path}: {' '.join(storing.told(error))}") from error
        except GatewayError as error:
            raise ConfigurationInvalid(f"{plan.document.path}: {error.text}") from error
        changes = {change.key: "changed" for change in plan.changes}
        audit.record(actor=actor, action="configuration applied", obj=record, changes=changes)
        done.append(f"{'created' if plan.is_new else 'changed'} {plan.document.path}")
    return done


def secret_name(credential: str, name: str) -> str:
    """The environment variable that gives a secret input of a credential."""
    words = [_NOT_A_NAME.sub("_", text.upper()).strip("_") for text in (credential, name)]
    return SECRETS_PREFIX + "_".join(words)


def _apply_credential(document: Document) -> ApiCredential:
    values = document.values
    vendor = str(values.get("vendor") or CUSTOM.slug)
    if vendor not in VENDORS:
        raise ConfigurationInvalid(f"vendor: there is no SMS vendor {vendor}.")
    preset = preset_from_data(values["preset"], slug=vendor)
    existing = ApiCredential.objects.filter(name=document.name).first()
    inputs = _inputs(document.name, preset, existing)
    if problems := storing.problems_of(preset, inputs):
        lines = [f"{problem.field}: {problem.text}" for problem in problems]
        missing = [item.name for item in preset.inputs if item.secret and not inputs.get(item.name)]
        lines += [f"Give {name} in {secret_name(document.name, name)}." for name in missing]
        raise ConfigurationInvalid(" ".join(lines))
    credential = storing.store(
        credential=existing or ApiCredential(),
        name=document.name,
        preset=preset,
        inputs=inputs,
        provider_name=str(values.get("provider_name", "")),
    )
    apply_limits(credential, values)
    return credential


def _inputs(name: str, preset: Preset, existing: ApiCredential | None) -> dict[str, Any]:
    """Secrets from the environment, else those that are stored; everything else is the file's own default."""
    kept = storing.kept_secrets(preset, existing)
    return {item: os.environ.get(secret_name(name, item)) or value for item, value in kept.items()}


def _apply_webhook(document: Document) -> Webhook:
    existing = Webhook.objects.filter(name=document.name).first()
    posted = _posted(document)
    rows = posted.pop("custom_keywords", [])
    if existing is not None:  # a word may go from one list to another
        replace_rows(webhook=existing, rows=[])
    spec = VerificationSpec.from_data(posted.pop("verification", {}))
    posted |= {f"{PREFIX}{name}": value for name, value in asdict(spec).items()}
    form = WebhookForm({**posted, "verify_secret": _new_secret(document.name, existing)}, instance=existing)
    if "verify_secret" in form.errors:
        variable = secret_name(document.name, VERIFICATION)
        raise ConfigurationInvalid(f"verification: give the secret in {variable}.", param="verification")
    _insist(form)
    form.instance.mapping = document.values.get("mapping", {})
    webhook: Webhook = form.save()
    replace_rows(webhook=webhook, rows=rows)
    return webhook


def _new_secret(name: str, existing: Webhook | None) -> str:
    """The secret that the environment gives, unless the webhook has it already."""
    given = os.environ.get(secret_name(name, VERIFICATION), "")
    known = existing.secrets.all() if existing else ()
    return "" if any(secret.value == given for secret in known) else given


def _apply_channel(document: Document) -> ChannelConfiguration:
    existing = ChannelConfiguration.objects.filter(name=document.name).first()
    # What a file does not say of times is as in a new channel.
    usual = {name: getattr(ChannelConfiguration(), name) for name in TIMING_FIELDS}
    form = ChannelConfigurationForm(
        {**{name: value for name, value in usual.items() if value}, **_posted(document)}, instance=existing
    )
    _insist(form)
    channel: ChannelConfiguration = form.save()
    if existing is not None and releasing.FIELDS & set(form.changed_data):
        transaction.on_commit(partial(releasing.release_held, channel_id=channel.pk))
    apply_routes(channel, document.values.get("routes", []))
    wanted = document.values.get("status", ChannelStatus.DRAFT)
    if wanted != channel.status:
        (channels.activate if wanted == ChannelStatus.ACTIVE else channels.deactivate)(channel)
    return channel


def _posted(document: Document) -> dict[str, Any]:
    """The document as a form takes it: the credential by its key."""
    name = document.values.get("credential", "")
    credential = ApiCredential.objects.filter(name=name).first()
    if credential is None:
        raise ConfigurationInvalid(f"credential: there are no API credentials named {name!r}.")
    values = {key: value for key, value in document.values.items() if value is not False}
    return {**values, "name": document.name, "credential": str(credential.pk)}


def _insist(form: Any) -> None:
    if not form.is_valid():
        raise ValidationError({name or "__all__": texts for name, texts in form.errors.items()})


_APPLIERS: Final[Mapping[str, Callable[[Document, str], Any]]] = {
    "credentials": lambda document, _: _apply_credential(document),
    "webhooks": lambda document, _: _apply_webhook(document),
    "channels": lambda document, _: _apply_channel(document),
    "limits": lambda document, _: apply_spend_limit(document.name, document.values),
    "audiences": lambda document, _: apply_audience(document.name, document.values),
    "templates": lambda document, actor: apply_template(document.name, document.values, actor=actor),
}
