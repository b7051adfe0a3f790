"""Who is told of what stands still, what is open, and every notice on its way."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7


class TargetKind(models.TextChoices):
    """How somebody is told."""

    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class AlertTarget(models.Model):
    """Somebody who is told: addresses or a URL, and of which kinds ([]: all)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField("Name", max_length=100, unique=True)
    kind = models.CharField("Told by", max_length=10, choices=TargetKind, default=TargetKind.EMAIL)
    addresses = models.TextField("E-mail addresses", blank=True)
    url = models.CharField("Webhook URL", max_length=500, blank=True)
    secret = EncryptedTextField("Signing secret", blank=True)
    kinds = models.JSONField("Told of", default=list, blank=True)
    enabled = models.BooleanField("Enabled", default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "Alert target"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OpenAlert(models.Model):
    """What stands still since when; `resolved_at` once it does not. `key` is its kind and whom it concerns."""

    key = models.CharField(max_length=120, primary_key=True)
    kind = models.CharField("Kind", max_length=30)
    text = models.CharField("What", max_length=1000)
    link = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField("Since")
    seen_at = models.DateTimeField("Last seen")
    told_at = models.DateTimeField("Last told")
    resolved_at = models.DateTimeField("Over since", null=True)

    class Meta:
        verbose_name = "alert"
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return self.text[:100]


class NoticeState(models.TextChoices):
    """Where a notice stands."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class AlertNotice(models.Model):
    """One notice to one target: opened, still open, over, or a test."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    target = models.ForeignKey(AlertTarget, on_delete=models.CASCADE, related_name="notices")
    event = models.CharField("About", max_length=10)
    kind = models.CharField("Kind", max_length=30)
    text = models.CharField("What", max_length=1000)
    link = models.CharField(max_length=500, blank=True)
    state = models.CharField("State", max_length=10, choices=NoticeState, default=NoticeState.WAITING)
    tries = models.PositiveSmallIntegerField("Tries", default=0)
    due_at = models.DateTimeField(default=timezone.now)
    last_answer = models.CharField("Last answer", max_length=300, blank=True)
    created_at = models.DateTimeField("Made", default=timezone.now)

    class Meta:
        verbose_name = "alert notice"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(state=NoticeState.WAITING))
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.text[:80]}"
