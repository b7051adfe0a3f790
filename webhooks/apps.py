from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """What providers call: inbound messages, delivery reports, keyword rules."""

    name = "webhooks"
    verbose_name = "SMS webhooks"
    default_auto_field = "django.db.models.BigAutoField"
