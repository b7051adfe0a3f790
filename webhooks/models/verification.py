"""Secrets of webhooks, nonces that were used, callbacks that were refused."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7
from webhooks.models.records import Webhook


class WebhookSecret(models.Model):
    """One secret of a webhook; several count while one replaces the other. The newest is tried first."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="secrets")
    label = models.CharField("Label", max_length=100, blank=True)
    value = EncryptedTextField("Secret")
    valid_until = models.DateTimeField("Valid until", null=True, blank=True)
    last_used_at = models.DateTimeField("Last used", null=True, editable=False)
    created_at = models.DateTimeField("Added", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "webhook secret"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.label or f"Secret of {self.created_at:%Y-%m-%d %H:%M}"


class UsedNonce(models.Model):
    """What may be used once, by digest; `taken` once its callback is kept, till then `claimed_at` counts."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    call_digest = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_at = models.DateTimeField()
    taken = models.BooleanField(default=False)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "used nonce"
        constraints = [models.UniqueConstraint(fields=["webhook", "digest"], name="webhook_nonce_once")]

    def __str__(self) -> str:
        return f"Nonce {self.digest[:12]}"


class RefusedCallback(models.Model):
    """A callback that was not believed: enough to find the fault, neither body nor secrets."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="refused")
    refused_at = models.DateTimeField("Refused", default=timezone.now)
    cause = models.CharField(max_length=16)
    reason = models.CharField("Reason", max_length=500)
    address = models.CharField("Address", max_length=45, blank=True)
    method = models.CharField("Method", max_length=8)
    header_names = models.JSONField("Headers", default=list)
    body_size = models.PositiveIntegerField("Size")
    signed_url = models.CharField("URL that was checked", max_length=1000, blank=True)

    class Meta:
        verbose_name = "refused callback"
        ordering = ["-refused_at", "-id"]
        indexes = [models.Index(fields=["webhook", "refused_at"], name="refused_of_webhook")]

    def __str__(self) -> str:
        return f"Refused {self.refused_at:%Y-%m-%d %H:%M:%S}"


class RefusalCount(models.Model):
    """How many callbacks of a webhook were refused in an hour; rows of refusals are bounded, their number is not."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "refusal count"
        constraints = [models.UniqueConstraint(fields=["webhook", "hour"], name="refusals_per_hour")]
        indexes = [models.Index(fields=["hour"], name="refusals_hour")]

    def __str__(self) -> str:
        return f"{self.count} in the hour of {self.hour:%Y-%m-%d %H}:00"
