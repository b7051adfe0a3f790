from __future__ import annotations

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """Recipient profiles and their attributes."""

    name = "profiles"
    verbose_name = "Profiles"
    default_auto_field = "django.db.models.BigAutoField"
