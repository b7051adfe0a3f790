"""Tracked links: where they lead, the one each recipient got, and every call of it.

Messages are named by id without a foreign key: they stand a floor above.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7
from links.addresses import LONGEST, check_address, is_the_same_for_all


class LinkTarget(models.Model):
    """Where the links of one sender with one address lead; editing `url` moves all that were sent."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.CharField(
        max_length=80, editable=False, help_text="Who sends it, such as channel:<id> or campaign:<id>."
    )
    written = models.CharField(
        "As written",
        max_length=LONGEST,
        editable=False,
        help_text="What stands in the text, variables and all.",
    )
    url = models.CharField(
        "Leads to",
        max_length=LONGEST,
        validators=[check_address],
        blank=True,
        help_text="Links that were already sent lead here, too, from the next click on.",
    )
    fallback_url = models.CharField(
        "After expiry",
        max_length=LONGEST,
        validators=[check_address],
        blank=True,
        help_text="Where a link leads once it has expired. Blank: a page that says so.",
    )
    clicks = models.PositiveIntegerField(default=0, editable=False)  # by people
    people = models.PositiveIntegerField(default=0, editable=False)  # links that a person has followed
    machine_clicks = models.PositiveIntegerField(default=0, editable=False)  # previews, scanners, HEAD
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "Tracked link"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["owner", "written"], name="link_target_once")]

    def __str__(self) -> str:
        return self.written

    @property
    def is_personal(self) -> bool:
        """Whether each link keeps an address of its own; `url`, where it is not blank, comes before it."""
        return not is_the_same_for_all(self.written)


class TrackedLink(models.Model):
    """The short address one recipient got in one message; `url` is set where it is personal."""

    slug = models.CharField(max_length=16, primary_key=True)
    target = models.ForeignKey(LinkTarget, on_delete=models.PROTECT, related_name="links")
    message_id = models.UUIDField(db_index=True)
    url = models.CharField(max_length=LONGEST, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    clicks = models.PositiveIntegerField(default=0)
    machine_clicks = models.PositiveIntegerField(default=0)
    first_click_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["message_id", "slug"]

    def __str__(self) -> str:
        return self.slug


class VisitorKind(models.TextChoices):
    """Who called a link."""

    PERSON = "person", "Person"
    MACHINE = "machine", "Preview or scanner"


class Click(models.Model):
    """One call of a link; `reason` says by what a machine was told."""

    link = models.ForeignKey(TrackedLink, on_delete=models.CASCADE, related_name="calls")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=VisitorKind)
    reason = models.CharField(max_length=30, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.link_id} at {self.at:%Y-%m-%d %H:%M:%S}"
