"""What asking the provider about a message of which nobody knows whether it was accepted has shown so far."""

from __future__ import annotations

from django.db import models

from messaging.models.messages import Message


class StatusLookup(models.Model):
    """How often the provider was asked about a message, what it said last, when it is asked again (None: no more)."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="status_lookup"
    )
    times = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True, db_index=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["next_at"]

    def __str__(self) -> str:
        return self.said or "not asked yet"
