"""The secrets with which forwarded messages are signed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7
from webhooks.models.records import Webhook


class ForwardSecret(models.Model):
    """One secret for the forwards of a webhook; an older one signs beside the newest until its time is over."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="forward_secrets")
    value = EncryptedTextField("Secret")
    valid_until = models.DateTimeField("Signs until", null=True)
    created_at = models.DateTimeField("Created", default=timezone.now)

    class Meta:
        verbose_name = "signing secret of forwards"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"Signing secret of {self.created_at:%Y-%m-%d %H:%M}"
