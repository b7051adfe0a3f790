from __future__ import annotations

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Message templates, audiences and campaigns."""

    name = "campaigns"
    verbose_name = "Campaigns"
    default_auto_field = "django.db.models.BigAutoField"
