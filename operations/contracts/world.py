"""What stands before a recorded callback comes: credential, channel, webhook and a sent message, made of a preset."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from core.errors import ConfigurationInvalid
from core.vocabulary import Purpose
from credentials import storing
from credentials.codes import scope_of
from credentials.models import ApiCredential, ProviderCode
from credentials.vendors import CUSTOM, Preset
from messaging.accept import Submission, accept
from messaging.models import ChannelConfiguration, ChannelStatus, Message, MessagePart, Source
from messaging.states import PartState, State
from operations.contracts.cases import Contract
from webhooks.models import Webhook
from webhooks.services import create_webhook
from webhooks.verification import VerificationSpec
from webhooks.verifying import set_verification

OUR_ID: Final = uuid.UUID("0195b0c4-6e1a-7c3d-9a52-3f1e8d20c7a1")
_ANYBODY: Final = "+12025550143"


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
    webhook = create_webhook(credential=credential, name="contract")
    if not signed:
        set_verification(webhook=webhook, spec=VerificationSpec())
    return Webhook.objects.select_related("endpoint__credential").get(pk=webhook.pk)


def _credential(preset: Preset, config: Mapping[str, Any]) -> ApiCredential:
    # A preset of any directory, which need not be the shipped one of its name: its codes and webhook are its own.
    try:
        credential = storing.store(
            credential=ApiCredential(), name="contract", preset=preset, inputs=config, vendor=CUSTOM.slug
        )
    except ValidationError as error:
        raise ConfigurationInvalid(" ".join(storing.told(error))) from error
    table = preset.webhook(config)
    if credential.webhook_preset != table:
        credential.webhook_preset = table
        credential.save(update_fields=["webhook_preset"])
    scope = scope_of(credential)
    ProviderCode.objects.bulk_create(
        [ProviderCode(scope=scope, code=code, failure=failure) for code, failure in preset.codes.items()]
    )
    return credential


def sent_message(webhook: Webhook, *, number: int, provider_id: str) -> Message:
    """A message the provider has taken: the first has the id of the file, all have the provider's of the case."""
    message = accept(
        Submission(
            credential=webhook.credential,
            sender=webhook.credential.channels.get().sender,
            to=_ANYBODY,
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
