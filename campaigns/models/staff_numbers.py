"""Staff who may get proofs."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7


class StaffNumber(models.Model):
    """A colleague's phone: proofs of message templates go to these numbers only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField("Name", max_length=100, help_text="Whose phone it is.")
    msisdn = models.CharField(
        "Number",
        max_length=16,
        unique=True,
        error_messages={"unique": "This number is on the list already."},
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "staff number"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
