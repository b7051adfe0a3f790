"""The kill switch."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class SendHold(models.Model):
    """The kill switch: while one is not released, nothing is sent."""

    reason = models.CharField("Reason", max_length=255)
    placed_by = models.CharField(max_length=150, editable=False)
    placed_at = models.DateTimeField(default=timezone.now, editable=False)
    released_by = models.CharField(max_length=150, blank=True, editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-placed_at"]
        verbose_name = "Send hold"

    def __str__(self) -> str:
        return self.reason
