"""What staff did about a conversation; what was written stands in messages and inbound messages."""

from __future__ import annotations

from django.db import models

from core.ids import uuid7
from core.numbers import mask_number


class Conversation(models.Model):
    """Up to when staff have seen what a number wrote, and when they last answered; no row: never.

    Written by staff only: nothing that comes in or goes out costs a row here.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    msisdn = models.CharField("Number", max_length=16, unique=True)
    seen_until = models.DateTimeField("Seen up to", null=True)
    seen_by = models.CharField("Seen by", max_length=150, blank=True)
    answered_at = models.DateTimeField("Answered", null=True)
    answered_by = models.CharField("Answered by", max_length=150, blank=True)
    touched_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        verbose_name = "conversation"
        ordering = ["-touched_at"]

    def __str__(self) -> str:
        return f"With {mask_number(self.msisdn)}"
