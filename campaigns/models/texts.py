"""Message templates: a name, and what it said at each time in each language."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7


class MissingPolicy(models.TextChoices):
    """What happens where a recipient lacks an attribute that the text names."""

    FALLBACK = "fallback", "Write the fallback text instead"
    SKIP = "skip", "Leave the recipient out"
    STOP = "stop", "Stop and tell me"


class MessageTemplate(models.Model):
    """A text under a name; what it says stands in its versions, of which the last counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "message template"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What a template said from one change to the next, and what it did where an attribute was missing.

    Never edited, so that what was approved or sent is written the same way later, and can be explained.
    """

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    missing_policy = models.CharField(
        "If an attribute is missing", max_length=10, choices=MissingPolicy, default=MissingPolicy.SKIP
    )
    fallback_text = models.CharField(
        "Fallback text",
        max_length=200,
        blank=True,
        help_text="Stands where the attribute would; blank: nothing.",
    )
    actor = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class TemplateText(models.Model):
    """The text of a version in one language; the one without a language is for everybody else."""

    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=35, blank=True)
    text = models.TextField()

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="template_text_once")]

    def __str__(self) -> str:
        return self.language or "default"
