from __future__ import annotations

from django.apps import AppConfig


class LinksConfig(AppConfig):
    """Tracked links: short addresses in messages, and who followed them."""

    name = "links"
    verbose_name = "Links"
    default_auto_field = "django.db.models.BigAutoField"
