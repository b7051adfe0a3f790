"""Machines that take callbacks."""

from __future__ import annotations

from django.db import models


class WebHost(models.Model):
    """A machine that takes callbacks; gates wait while it may hold some that the database does not know."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=100)
    seen_at = models.DateTimeField()
    spooled = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
