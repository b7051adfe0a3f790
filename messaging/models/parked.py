"""Reports that came early."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from credentials.models import ApiCredential
from messaging.models.vocabulary import LONGEST_PROVIDER_ID


class ParkedReport(models.Model):
    """A report that came before its message was known as accepted; matched later, kept 72 hours."""

    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="+")
    provider_id = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True, db_index=True)
    message_id = models.UUIDField(null=True, db_index=True)
    report = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.provider_id or str(self.message_id)
