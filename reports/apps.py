from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What staff read: today's numbers, checklist, timelines."""

    name = "reports"
    verbose_name = "Reports"
    default_auto_field = "django.db.models.BigAutoField"
