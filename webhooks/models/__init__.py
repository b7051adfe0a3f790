"""What webhooks keep: the webhooks themselves, everything that came in through them, and how callbacks are verified."""

from __future__ import annotations

from webhooks.models.records import (
    INTENTS,
    InboundMessage,
    InboundRequest,
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
    "InboundMessage",
    "InboundRequest",
    "OptOutPurpose",
    "OptOutScope",
    "RefusalCount",
    "RefusedCallback",
    "RequestState",
    "UsedNonce",
    "Verified",
    "Webhook",
    "WebhookSecret",
]
