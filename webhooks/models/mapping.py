"""What waits before it can be taken: reports with a status word nobody knew, messages whose parts are not all here."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7
from webhooks.models.records import InboundRequest, Webhook


class StatusMeaning(models.TextChoices):
    """What staff say a provider's status word means."""

    NO_PROGRESS = "no_progress", "No progress"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    READ = "read", "Delivered and read"
    UNDELIVERED = "undelivered", "Undelivered"
    EXPIRED = "expired", "Expired"
    FAILED = "failed", "Failed"
    TEMPORARY = "temporary", "A temporary failure: no change, noted"
    IGNORE = "ignore", "Nothing: ignore it"


class ProviderStatus(models.Model):
    """A status word of a provider that nobody knew, and what staff say it means; blank: not yet said."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.CharField(max_length=60, editable=False)
    word = models.CharField("Status word", max_length=255, editable=False)
    meaning = models.CharField("Means", max_length=12, blank=True, choices=StatusMeaning)
    seen = models.PositiveIntegerField("Seen", default=1, editable=False)
    first_seen_at = models.DateTimeField("First seen", auto_now_add=True)
    last_seen_at = models.DateTimeField("Last seen", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "provider status"
        verbose_name_plural = "provider statuses"
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["scope", "word"], name="provider_status_once")]

    def __str__(self) -> str:
        return self.word


class HeldReport(models.Model):
    """A delivery report whose status word nobody knew; applied once the word has a meaning."""

    id = models.BigAutoField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="held_reports")
    request = models.ForeignKey(InboundRequest, null=True, on_delete=models.SET_NULL, related_name="+")
    word = models.CharField(max_length=255)
    report = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["webhook", "word"], name="held_report_word")]

    def __str__(self) -> str:
        return f"{self.word} of {self.received_at:%Y-%m-%d %H:%M:%S}"


class PartialMessage(models.Model):
    """The parts of a long inbound message that came one by one; `parts` is a sealed JSON object, number -> text.

    It stays for a while after it has been delivered: a part that comes again is known then.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="partial_messages")
    request = models.ForeignKey(InboundRequest, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=64)
    count = models.PositiveSmallIntegerField()
    event = EncryptedTextField()
    parts = EncryptedTextField()
    received_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["received_at"]
        constraints = [models.UniqueConstraint(fields=["webhook", "key"], name="partial_message_once")]
        indexes = [models.Index(fields=["delivered_at", "received_at"], name="partial_message_due")]

    def __str__(self) -> str:
        return f"Long message of {self.received_at:%Y-%m-%d %H:%M:%S}"
