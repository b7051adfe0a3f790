"""Callbacks kept to map on: pasted by an operator, or caught while listening."""

from __future__ import annotations

import base64

from django.db import models
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7


class SampleSource(models.TextChoices):
    """Where a sample comes from."""

    CAUGHT = "caught", "Real callback"
    PASTED = "pasted", "Pasted"


class KeptSample(models.Model):
    """A callback of a webhook, kept apart from the raw log: a mapping is tried on all of them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey("webhooks.Webhook", on_delete=models.CASCADE, related_name="samples")
    source = models.CharField(max_length=8, choices=SampleSource)
    # The raw callback it was taken from; taken once.
    taken_from = models.UUIDField(null=True)
    method = models.CharField(max_length=8, default="POST")
    role = models.CharField(max_length=50, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    query = EncryptedTextField(blank=True)
    body = EncryptedTextField(blank=True)
    body_is_base64 = models.BooleanField(default=False)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "sample callback"
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "taken_from"], name="sample_taken_once"),
        ]

    def __str__(self) -> str:
        return f"Sample {self.received_at:%Y-%m-%d %H:%M:%S}"

    @property
    def raw_body(self) -> bytes:
        """The bytes as they came."""
        return base64.b64decode(self.body) if self.body_is_base64 else self.body.encode()

    def keep_body(self, body: bytes) -> None:
        """Keep the bytes: as text where they are UTF-8, else in base64."""
        try:
            self.body, self.body_is_base64 = body.decode(), False
        except UnicodeDecodeError:
            self.body, self.body_is_base64 = base64.b64encode(body).decode("ascii"), True
