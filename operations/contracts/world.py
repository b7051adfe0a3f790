"""What stands before a recorded callback comes: credential, channel, webhook and a sent message, made of a preset."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from core.errors import ConfigurationInvalid
from core.vocabulary import Purpose
from credentials import storing
from credentials.models import ApiCredential, ProviderCode
from credentials.vendors import CUSTOM, VENDORS, Preset
from messaging.accept import Submission, accept
from messaging.models import ChannelConfiguration, ChannelStatus, Message, MessagePart, Source
from messaging.states import PartState, State
from operations.contracts.cases import Contract
from webhooks.models import Webhook
from webhooks.services import create_webhook
from webhooks.spec import SECTIONS
from webhooks.verification import VerificationSpec
from webhooks.verifying import set_verification

OUR_ID: Final = uuid.UUID("0195b0c4-6e1a-7c3d-9a52-3f1e8d20c7a1")
_ANYBODY: Final = "+12025550143"
_LISTS: Final = ("rules", "answers")


def webhook_of(contract: Contract, preset: Preset, config: Mapping[str, Any], *, signed: bool) -> Webhook:
    """The webhook an operator makes of the preset with this configuration; `signed`: its callbacks are verified."""
    credential = _credential(preset, config)
    ChannelConfiguration.objects.create(
        name="contract",
        credential=credential,
        sender=str(config.get("sender") or "contract"),
        purpose="transactional",
        default_country=contract.country,
        status=ChannelStatus.ACTIVE,
    )
    inputs = {row.name: row.value for row in credential.variables.all()}
    nothing: dict[str, Any] = {name: [] if name in _LISTS else {} for name in SECTIONS}
    mapping = {
        **nothing,
        **preset.webhook(inputs),
    }  # a preset of any directory, not the shipped one of its name
    webhook = create_webhook(credential=credential, name="contract", mapping=mapping)
    if not signed:
        set_verification(webhook=webhook, spec=VerificationSpec())
    return Webhook.objects.select_related("endpoint__credential").get(pk=webhook.pk)


def _credential(preset: Preset, config: Mapping[str, Any]) -> ApiCredential:
    shipped = VENDORS.get(preset.slug)
    vendor = preset.slug if shipped is not None and shipped.codes == preset.codes else CUSTOM.slug
    try:
        credential = storing.store(
            credential=ApiCredential(), name="contract", preset=preset, inputs=config, vendor=vendor
        )
    except ValidationError as error:
        raise ConfigurationInvalid(" ".join(storing.told(error))) from error
    if vendor == CUSTOM.slug:
        for code, failure in preset.codes.items():
            ProviderCode.objects.create(scope=f"credential:{credential.pk}", code=code, failure=failure)
    return credential


def sent_message(webhook: Webhook, *, number: int, provider_id: str, to: str = "") -> Message:
    """A message the provider has taken: the first has the id of the file, all have the provider's of the case."""
    message = accept(
        Submission(
            credential=webhook.credential,
            sender=webhook.credential.channels.get().sender,
            to=to or _ANYBODY,
            text="Hello",
            purpose=Purpose.TRANSACTIONAL,
            source=Source.API,
        ),
        wake=False,
    )
    MessagePart.objects.filter(message=message).delete()
    values = {field.attname: getattr(message, field.attname) for field in Message._meta.concrete_fields}
    taken = Message(**{**values, "id": OUR_ID if number == 0 else message.pk, "state": State.ACCEPTED})
    taken.provider_id = provider_id
    if number == 0:
        taken.save(force_insert=True)
    else:
        for state in (State.CLAIMED, State.SENDING, State.ACCEPTED):
            Message.objects.filter(pk=taken.pk).update(state=state, provider_id=provider_id)
    MessagePart.objects.create(message=taken, number=1, state=PartState.ACCEPTED, provider_id=provider_id)
    return taken
