from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Domain words and edge tools that know no models."""

    name = "core"
    verbose_name = "Core"
    default_auto_field = "django.db.models.BigAutoField"
