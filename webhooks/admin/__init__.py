"""Admin screens: SMS Webhooks, inbound messages, raw callbacks."""

from __future__ import annotations

from webhooks.admin.records import InboundMessageAdmin, InboundRequestAdmin
from webhooks.admin.statuses import ProviderStatusAdmin
from webhooks.admin.webhooks import WebhookAdmin

__all__ = ["InboundMessageAdmin", "InboundRequestAdmin", "ProviderStatusAdmin", "WebhookAdmin"]
