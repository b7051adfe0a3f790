"""Audiences: whom a campaign goes to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7
from profiles.models import Profile


class AudienceKind(models.TextChoices):
    """Whether its members are listed, or found anew each time by a filter."""

    STATIC = "static", "List of profiles"
    FILTER = "filter", "Saved filter"


class Audience(models.Model):
    """Profiles under a name; `filter` is the condition of a filter audience as data (campaigns.audiences)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=AudienceKind, default=AudienceKind.FILTER)
    filter = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AudienceMember(models.Model):
    """A profile on the list of a static audience."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="members")
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "profile"], name="audience_member_once")]

    def __str__(self) -> str:
        return f"{self.profile} in {self.audience}"
