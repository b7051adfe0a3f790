"""Keywords of an operator's own: what each does, and what waits to be forwarded."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7


class CustomAction(models.TextChoices):
    """What a custom keyword does besides being logged."""

    REPLY = "reply", "Reply"
    TAG = "tag", "Tag the profile"
    FORWARD = "forward", "Forward to a URL"
    ADD = "add", "Add to an audience"
    REMOVE = "remove", "Remove from an audience"
    CAMPAIGN = "campaign", "Trigger a campaign"


class CustomKeyword(models.Model):
    """A category of an operator's own: its words, what they do, and what is answered."""

    webhook = models.ForeignKey("webhooks.Webhook", on_delete=models.CASCADE, related_name="custom_keywords")
    name = models.CharField("Name", max_length=60)
    keywords = models.TextField("Keywords")
    action = models.CharField("Action", max_length=10, choices=CustomAction, default=CustomAction.REPLY)
    attribute = models.CharField("Attribute", max_length=64, blank=True)
    value = models.CharField("Value", max_length=255, blank=True)
    forward_url = models.CharField("URL", max_length=500, blank=True)
    # By name: audiences and campaigns live upstairs. Whether there is one of that name shows when it is done.
    target = models.CharField("Audience or campaign", max_length=100, blank=True)
    message = models.TextField("Reply message", blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "custom keyword"
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["webhook", "name"], name="custom_keyword_once")]

    def __str__(self) -> str:
        return self.name


class ForwardState(models.TextChoices):
    """How far a forwarded message is."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Forwarded"
    FAILED = "failed", "Given up"


class Forward(models.Model):
    """A message on its way to an operator's URL: written with the message, sent by a worker, tried again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.OneToOneField(
        "webhooks.InboundMessage", on_delete=models.CASCADE, related_name="forward"
    )
    category = models.CharField("Keyword category", max_length=60)
    url = models.CharField("URL", max_length=500)
    state = models.CharField("State", max_length=8, choices=ForwardState, default=ForwardState.WAITING)
    tries = models.PositiveSmallIntegerField("Tries", default=0)
    due_at = models.DateTimeField("Next try", default=timezone.now)
    last_answer = models.CharField("Last answer", max_length=300, blank=True)
    created_at = models.DateTimeField("Created", default=timezone.now)

    class Meta:
        verbose_name = "forwarded message"
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["due_at"], name="forward_due", condition=models.Q(state=ForwardState.WAITING)
            )
        ]

    def __str__(self) -> str:
        return f"{self.category} to {self.url}"
