"""The forms of the webhook screens."""

from __future__ import annotations

from webhooks.forms.webhook import WebhookForm

__all__ = ["WebhookForm"]
