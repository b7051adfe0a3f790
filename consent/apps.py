from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    """The consent record: subjects, append-only ledger, current state."""

    name = "consent"
    verbose_name = "Consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import checks  # noqa: F401  registers itself

        post_migrate.connect(_install_triggers, sender=self, dispatch_uid="consent.triggers")


def _install_triggers(*, using: str, **kwargs: Any) -> None:
    from consent.triggers import TRIGGERS
    from core.triggers import install

    install(connections[using], TRIGGERS)
