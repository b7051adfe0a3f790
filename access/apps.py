from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    """Who may do what: API keys, roles, idempotency records, audit trail."""

    name = "access"
    verbose_name = "Access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from access import checks, schema  # noqa: F401  both register themselves

        post_migrate.connect(_install_triggers, sender=self, dispatch_uid="access.triggers")
        # Without a sender: each app's permissions come into being with that app's own post_migrate.
        post_migrate.connect(_sync_roles, dispatch_uid="access.roles")


def _install_triggers(*, using: str, **kwargs: Any) -> None:
    from access.triggers import TRIGGERS
    from core.triggers import install

    install(connections[using], TRIGGERS)


def _sync_roles(*, app_config: AppConfig, **kwargs: Any) -> None:
    from access.roles import sync

    sync(app_config.label)
