"""What happened when a campaign went out: its runs, their recipients, and how many of them are where."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from campaigns.models.campaigns import Campaign
from core.ids import uuid7
from core.numbers import mask_number


class RunState(models.TextChoices):
    """What workers do about a run; a campaign that is paused keeps its runs as they are."""

    EXPANDING = "expanding", "Collecting recipients"
    SENDING = "sending", "Sending"
    CANCELLING = "cancelling", "Being cancelled"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"


AT_WORK = (RunState.EXPANDING, RunState.SENDING, RunState.CANCELLING)


class RecipientState(models.TextChoices):
    """Where a recipient of a run stands; what became of an accepted message its own state tells."""

    PENDING = "pending", "Pending"
    ACCEPTED = "accepted", "Accepted"
    EXCLUDED = "excluded", "Excluded"
    CANCELLED = "cancelled", "Cancelled"


class Exclusion(models.TextChoices):
    """Why somebody of the audience gets no message; the list is closed."""

    HOLDOUT = "holdout", "Held out for comparison"
    NO_OPT_IN = "no_opt_in", "No opt-in on record for marketing"
    OPTED_OUT = "opted_out", "Opted out"
    SUPPRESSED = "suppressed", "On the suppression list"
    DUPLICATE_NUMBER = "duplicate_number", "Same number as another recipient"
    NUMBER_CHANGED = "number_changed", "The profile has another number now"
    PROFILE_GONE = "profile_gone", "The profile was deleted"
    NUMBER_INVALID = "number_invalid", "The number cannot be read"
    MISSING_ATTRIBUTE = "missing_attribute", "An attribute that the text needs is missing"
    NO_LANGUAGE = "no_language", "There is no text in the recipient's language"
    TEXT_EMPTY = "text_empty", "The text is empty"
    TEXT_TOO_LONG = "text_too_long", "The text is too long"
    TEXT_INVALID = "text_invalid", "The text cannot be written for this recipient"
    COUNTRY_NOT_ALLOWED = "country_not_allowed", "The channel does not send to the country"
    NO_ROUTE = "no_route", "No route of the channel fits"
    LIMIT_REACHED = "limit_reached", "A limit on messages or money was reached"
    REFUSED = "refused", "Not accepted for another reason"
    ERASED = "erased", "Erased"


class CampaignRun(models.Model):
    """One time a campaign goes out; a triggered campaign has one run, which stays open.

    `cursor` is the last profile that was looked at while collecting, by the `filter` that the audience had when the run
    began (None: it is a list); with more than `most` recipients it stops, since a second person has to agree.
    `allowance_at` is the moment up to which the throttle is used up, `note` why it waits. `outcomes` is what became of
    accepted messages, counted at `outcomes_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs", db_index=False)
    number = models.PositiveIntegerField()
    planned_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RunState, default=RunState.EXPANDING)
    cursor = models.UUIDField(null=True)
    filter = models.JSONField(null=True)
    most = models.PositiveIntegerField(null=True)
    started_by = models.CharField(max_length=150, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    expanded_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    allowance_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)
    outcomes = models.JSONField(default=dict)
    outcomes_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "campaign run"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_run_number_once"),
            models.UniqueConstraint(fields=["campaign", "planned_at"], name="campaign_run_time_once"),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"], name="campaign_run_at_work", condition=models.Q(state__in=AT_WORK)
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign} run {self.number}"


class Recipient(models.Model):
    """One person of a run: once by number, and by number and key where calls name recipients.

    Profile and message are named without foreign keys: either may be gone before the run is forgotten.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(CampaignRun, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    profile_id = models.UUIDField(null=True)
    msisdn = models.CharField("Number", max_length=16)
    trigger_key = models.CharField(max_length=100, blank=True)
    variant = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=RecipientState, default=RecipientState.PENDING)
    reason = models.CharField(max_length=20, choices=Exclusion, blank=True)
    due_at = models.DateTimeField()
    message_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # By number first: what is kept about a person is found by it.
            models.UniqueConstraint(fields=["msisdn", "run", "trigger_key"], name="campaign_recipient_once"),
            models.UniqueConstraint(
                fields=["message_id"],
                condition=models.Q(message_id__isnull=False),
                name="campaign_recipient_message",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "id"], name="campaign_recipient_run"),
            models.Index(
                fields=["run", "due_at", "id"],
                name="campaign_recipient_due",
                condition=models.Q(state=RecipientState.PENDING),
            ),
            # Who is dealt with, by what became of them. Collecting recipients does not write it.
            models.Index(
                fields=["run", "state", "reason", "id"],
                name="campaign_recipient_fate",
                condition=~models.Q(state=RecipientState.PENDING),
            ),
        ]

    def __str__(self) -> str:
        return mask_number(self.msisdn)


class RunTally(models.Model):
    """How many recipients of a run and variant are in a state for a reason; written with every change of them."""

    run = models.ForeignKey(CampaignRun, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    variant = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=RecipientState)
    reason = models.CharField(max_length=20, blank=True)
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "variant", "state", "reason"], name="campaign_tally_once")
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.reason}: {self.count}"
