"""What webhooks keep: the webhooks themselves, everything that came in through them, and how callbacks are verified."""

from __future__ import annotations

from webhooks.custom_models import CustomAction, CustomKeyword, Forward, ForwardState
from webhooks.models.forward_secrets import ForwardSecret
from webhooks.models.mapping import HeldReport, PartialMessage, ProviderStatus, StatusMeaning
from webhooks.models.outbox import KeywordOutbox, OutboxKind, OutboxState
from webhooks.models.records import (
    INTENTS,
    InboundMessage,
    InboundRequest,
    InboundRequestKey,
    OptOutPurpose,
    OptOutScope,
    RequestState,
    Webhook,
    WebhookKind,
)
from webhooks.models.verification import RefusalCount, RefusedCallback, UsedNonce, WebhookSecret
from webhooks.models.verified import VERIFY_FIELDS, Verified
from webhooks.sample_models import KeptSample, SampleSource

__all__ = (
    "INTENTS", "VERIFY_FIELDS", "CustomAction", "CustomKeyword", "Forward", "ForwardSecret", "ForwardState",
    "HeldReport", "InboundMessage", "InboundRequest", "InboundRequestKey", "KeptSample", "KeywordOutbox",
    "OptOutPurpose", "OptOutScope",
    "OutboxKind", "OutboxState",
    "PartialMessage", "ProviderStatus", "RefusalCount", "RefusedCallback", "RequestState", "SampleSource",
    "StatusMeaning", "UsedNonce", "Verified", "Webhook", "WebhookKind", "WebhookSecret",
)  # fmt: skip
