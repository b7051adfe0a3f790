from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class MessagingConfig(AppConfig):
    """Outbound messages: accept, claim, gate, deliver, sweep, reports."""

    name = "messaging"
    verbose_name = "Messages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from messaging import checks  # noqa: F401  registers itself

        post_migrate.connect(_install_triggers, sender=self)


def _install_triggers(using: str, **_: Any) -> None:
    from core.triggers import install
    from messaging.triggers import TRIGGERS

    install(connections[using], TRIGGERS)
