"""Campaigns: one text, or several beside each other, to an audience through a channel, once or again and again."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from campaigns.models.audiences import Audience
from campaigns.models.texts import TemplateVersion
from core.ids import uuid7
from messaging.models import ChannelConfiguration
from messaging.models.timing import check_days
from profiles.attributes import check_time_zone

MOST_HOLDOUT_PERCENT = 90
MOST_PER_MINUTE = 120_000


class CampaignKind(models.TextChoices):
    """Whether it goes to an audience, or to whom an application names."""

    AUDIENCE = "audience", "To an audience"
    TRIGGERED = "triggered", "Triggered by applications and keywords"


class CampaignState(models.TextChoices):
    """Where a campaign stands."""

    DRAFT = "draft", "Draft"
    AWAITING = "awaiting", "Waits for approval"
    SCHEDULED = "scheduled", "Scheduled"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"


ENDED = (CampaignState.FINISHED, CampaignState.CANCELLED)


class When(models.TextChoices):
    """When it starts."""

    NOW = "now", "As soon as somebody starts it"
    ONCE = "once", "Once, at a time"
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week, on some days"
    MONTHLY = "monthly", "Every month, on one day"


RECURRING = (When.DAILY, When.WEEKLY, When.MONTHLY)


class Campaign(models.Model):
    """What goes to whom, when and how fast; its texts are its variants, each time it goes out is a run."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField("Name", max_length=100, unique=True)
    description = models.CharField("Description", max_length=300, blank=True)
    kind = models.CharField("Kind", max_length=10, choices=CampaignKind, default=CampaignKind.AUDIENCE)
    channel = models.ForeignKey(
        ChannelConfiguration, verbose_name="Channel configuration", on_delete=models.PROTECT, related_name="campaigns",
        help_text="Its purpose, quiet hours, caps, routes and link settings hold for the campaign.",
    )  # fmt: skip
    audience = models.ForeignKey(
        Audience, verbose_name="Audience", null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns",
        help_text="Blank for a triggered campaign: there each call names its recipients.",
    )  # fmt: skip
    state = models.CharField(
        max_length=10, choices=CampaignState, default=CampaignState.DRAFT, editable=False
    )
    when = models.CharField("Starts", max_length=10, choices=When, default=When.NOW)
    start_on = models.DateField("On", null=True, blank=True, help_text="The first day.")
    start_time = models.TimeField("At", null=True, blank=True, help_text="For example 10:00.")
    time_zone = models.CharField(
        "Time zone", max_length=64, default="UTC", validators=[check_time_zone], help_text="Such as Europe/Berlin."
    )  # fmt: skip
    by_recipient_clock = models.BooleanField(
        "By each recipient's clock", default=False,
        help_text="On: each recipient gets it at that time of their own time zone. Profiles without one go by the time "
        "zone above.",
    )  # fmt: skip
    weekdays = models.JSONField("On these days", default=list, blank=True, validators=[check_days])
    day_of_month = models.PositiveSmallIntegerField(
        "Day of the month", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text="In shorter months the last day.",
    )  # fmt: skip
    ends_on = models.DateField(
        "Until", null=True, blank=True, help_text="The last day. Blank: until stopped."
    )
    per_minute = models.PositiveIntegerField(
        "At most per minute", null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_MINUTE)],
        help_text="Blank: as fast as the channel sends.",
    )  # fmt: skip
    holdout_percent = models.PositiveSmallIntegerField(
        "Hold out (percent)", default=0, validators=[MaxValueValidator(MOST_HOLDOUT_PERCENT)],
        help_text="So many of a hundred get nothing, to compare with. Who they are is fixed by chance and stays so.",
    )  # fmt: skip
    next_run_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=500, blank=True, editable=False)  # why it was stopped by itself
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    requested_by = models.CharField(max_length=150, blank=True, editable=False)
    approved_by = models.CharField(max_length=150, blank=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    # Of what was approved (campaigns.approving): a campaign that says something else needs a new approval.
    approved_digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        permissions = [
            ("start_campaign", "Can start, pause and cancel campaigns"),
            ("approve_campaign", "Can approve campaigns of others"),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"], name="campaign_due", condition=models.Q(next_run_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_recurring(self) -> bool:
        """Whether it goes out again and again."""
        return self.when in RECURRING

    @property
    def is_open_ended(self) -> bool:
        """Whether its one run stays open for whom calls name."""
        return self.kind == CampaignKind.TRIGGERED

    @property
    def is_editable(self) -> bool:
        """Whether its content may still be changed."""
        return self.state == CampaignState.DRAFT

    @property
    def is_over(self) -> bool:
        """Whether nothing more goes out."""
        return self.state in ENDED

    def clean(self) -> None:
        """Each kind and each schedule has what it needs."""
        super().clean()
        missing = {
            name: text for name, text, is_missing in _NEEDS if is_missing(self) and not getattr(self, name)
        }
        if missing:
            raise ValidationError(missing)
        if self.start_on and self.ends_on and self.ends_on < self.start_on:
            raise ValidationError({"ends_on": "The last day lies before the first."})


_NEEDS: tuple[tuple[str, str, Callable[[Campaign], bool]], ...] = (
    ("audience", "Choose whom it goes to.", lambda campaign: campaign.kind == CampaignKind.AUDIENCE),
    ("start_on", "Say on which day it starts.", lambda campaign: campaign.when != When.NOW),
    ("start_time", "Say at what time it goes out.", lambda campaign: campaign.when != When.NOW),
    ("weekdays", "Choose at least one day.", lambda campaign: campaign.when == When.WEEKLY),
    ("day_of_month", "Say on which day of the month.", lambda campaign: campaign.when == When.MONTHLY),
)


class _WithCampaign(models.Manager["CampaignVariant"]):
    """Variants are named with their campaign."""

    def get_queryset(self) -> models.QuerySet[CampaignVariant]:
        """The campaign along."""
        return super().get_queryset().select_related("campaign")


class CampaignVariant(models.Model):
    """One of the texts of a campaign; recipients are split between them by weight."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="variants")
    label = models.CharField(
        "Label", max_length=20, default="A",
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+$", "Use letters, digits, - and _ only.")],
    )  # fmt: skip
    version = models.ForeignKey(
        TemplateVersion, verbose_name="Message", on_delete=models.PROTECT, related_name="variants"
    )
    weight = models.PositiveSmallIntegerField(
        "Share", default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="1 and 1: half each. 9 and 1: one in ten gets the second.",
    )  # fmt: skip

    objects = _WithCampaign()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "label"],
                name="campaign_variant_once",
                violation_error_message="Two variants have this label.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign}, variant {self.label}"
