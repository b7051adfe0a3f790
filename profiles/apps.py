from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ProfilesConfig(AppConfig):
    """Recipient profiles and their attributes."""

    name = "profiles"
    verbose_name = "Profiles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_install_triggers, sender=self, dispatch_uid="profiles.triggers")


def _install_triggers(*, using: str, **kwargs: Any) -> None:
    from core.triggers import install
    from profiles.triggers import TRIGGERS

    install(connections[using], TRIGGERS)
