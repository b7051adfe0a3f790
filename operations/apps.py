from __future__ import annotations

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Running the gateway: up, demo, periodic work, installation checks."""

    name = "operations"
    verbose_name = "Operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from operations import checks, worker  # noqa: F401  system checks; Celery's worker signals
