from __future__ import annotations

from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    """How to talk to a provider: credentials, headers, auth backends, requests, answers."""

    name = "credentials"
    verbose_name = "SMS settings"
    default_auto_field = "django.db.models.BigAutoField"
