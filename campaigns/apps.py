from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class CampaignsConfig(AppConfig):
    """Message templates, audiences and campaigns."""

    name = "campaigns"
    verbose_name = "Campaigns"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_install_triggers, sender=self, dispatch_uid="campaigns.triggers")


def _install_triggers(using: str, **_: Any) -> None:
    from campaigns.triggers import TRIGGERS
    from core.triggers import install

    install(connections[using], TRIGGERS)
