from __future__ import annotations

from typing import Any

from celery.signals import beat_init
from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Running the gateway: up, demo, periodic work, installation checks."""

    name = "operations"
    verbose_name = "Operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from operations import checks, worker  # noqa: F401  system checks; Celery's worker signals

        beat_init.connect(_fill_schedule, weak=False)


def _fill_schedule(sender: Any, **_: Any) -> None:
    from operations.beat import schedule

    sender.scheduler.merge_inplace(schedule())
