"""What keywords ask of audiences and campaigns, waiting to be done there."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7
from webhooks.models.records import InboundMessage


class OutboxKind(models.TextChoices):
    """What is to be done; the values are those of the keyword's action."""

    ADD = "add", "Add to an audience"
    REMOVE = "remove", "Remove from an audience"
    CAMPAIGN = "campaign", "Trigger a campaign"


class OutboxState(models.TextChoices):
    """How far it is."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class KeywordOutbox(models.Model):
    """One thing a message brings about on an upper floor: written with the message, done there exactly once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(InboundMessage, on_delete=models.CASCADE, related_name="keyword_actions")
    category = models.CharField("Keyword category", max_length=60)
    kind = models.CharField("Action", max_length=10, choices=OutboxKind)
    target = models.CharField("Audience or campaign", max_length=100)
    state = models.CharField("State", max_length=8, choices=OutboxState, default=OutboxState.WAITING)
    tries = models.PositiveSmallIntegerField("Tries", default=0)
    due_at = models.DateTimeField("Next try", default=timezone.now)
    note = models.CharField("What came of it", max_length=300, blank=True)
    created_at = models.DateTimeField("Created", default=timezone.now)

    class Meta:
        verbose_name = "keyword action"
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["message", "kind"], name="keyword_action_once")]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="keyword_action_due",
                condition=models.Q(state=OutboxState.WAITING),
            ),
            models.Index(
                fields=["created_at"],
                name="keyword_action_failed",
                condition=models.Q(state=OutboxState.FAILED),
            ),
            models.Index(fields=["created_at"], name="keyword_action_created"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.target}"
