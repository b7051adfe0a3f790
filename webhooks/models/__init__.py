"""What webhooks keep: the webhooks themselves, everything that came in through them, and how callbacks are verified."""

from __future__ import annotations

from webhooks.models.mapping import HeldReport, PartialMessage, ProviderStatus, StatusMeaning
from webhooks.models.records import (
    INTENTS,
    InboundMessage,
    InboundRequest,
    InboundRequestKey,
    OptOutPurpose,
    OptOutScope,
    RequestState,
    Webhook,
)
from webhooks.models.verification import RefusalCount, RefusedCallback, UsedNonce, WebhookSecret
from webhooks.models.verified import VERIFY_FIELDS, Verified

__all__ = [
    "INTENTS",
    "VERIFY_FIELDS",
    "HeldReport",
    "InboundMessage",
    "InboundRequest",
    "InboundRequestKey",
    "OptOutPurpose",
    "OptOutScope",
    "PartialMessage",
    "ProviderStatus",
    "RefusalCount",
    "RefusedCallback",
    "RequestState",
    "StatusMeaning",
    "UsedNonce",
    "Verified",
    "Webhook",
    "WebhookSecret",
]
