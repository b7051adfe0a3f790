"""Admin screens: SMS Webhooks, provider statuses, what came in, and what keywords did with it."""

from __future__ import annotations

from webhooks.admin.forwards import ForwardAdmin
from webhooks.admin.outbox import KeywordOutboxAdmin
from webhooks.admin.records import InboundMessageAdmin, InboundRequestAdmin
from webhooks.admin.statuses import ProviderStatusAdmin
from webhooks.admin.webhooks import WebhookAdmin

__all__ = [
    "ForwardAdmin",
    "InboundMessageAdmin",
    "InboundRequestAdmin",
    "KeywordOutboxAdmin",
    "ProviderStatusAdmin",
    "WebhookAdmin",
]
