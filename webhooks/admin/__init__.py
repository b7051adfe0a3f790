"""Admin screens: SMS Webhooks, provider statuses, inbound messages, raw callbacks, forwarded messages."""

from __future__ import annotations

from webhooks.admin.forwards import ForwardAdmin
from webhooks.admin.records import InboundMessageAdmin, InboundRequestAdmin
from webhooks.admin.statuses import ProviderStatusAdmin
from webhooks.admin.webhooks import WebhookAdmin

__all__ = [
    "ForwardAdmin",
    "InboundMessageAdmin",
    "InboundRequestAdmin",
    "ProviderStatusAdmin",
    "WebhookAdmin",
]
