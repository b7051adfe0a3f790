"""Outbound messages and everything that happens to them."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from access.append_only import AppendOnlyModel
from access.models import ApiKey
from consent.models import ConsentSubject
from core.ids import uuid7
from core.numbers import mask_number
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging.states import PartState, State

PURPOSES = [
    (Purpose.MARKETING.value, "Marketing"),
    (Purpose.TRANSACTIONAL.value, "Transactional"),
    (Purpose.ONE_TIME_CODE.value, "One-time code"),
    (Purpose.CONSENT_REPLY.value, "Consent reply"),
]
CHANNEL_PURPOSES = PURPOSES[:2]
LONGEST_PROVIDER_ID = 200


class ChannelStatus(models.TextChoices):
    """A draft can be edited and tested; only an active channel sends."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"


class Source(models.TextChoices):
    """Who submitted a message."""

    API = "api", "API"
    ADMIN = "admin", "Staff"
    REPLY = "reply", "Auto reply"
    TEST = "test", "Test send"


class ChannelConfiguration(models.Model):
    """What a sender picks: credential, sender number, purpose and consent rule under one name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(
        "Name",
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z][A-Za-z0-9_.-]*$",
                "Start with a letter; use letters, digits, '_', '.' and '-' only.",
            )
        ],
        help_text="Letters, digits, dots, dashes and underscores. Applications name the channel by it.",
    )
    description = models.CharField("Description", max_length=255, blank=True)
    credential = models.ForeignKey(
        ApiCredential,
        verbose_name="API credentials",
        on_delete=models.PROTECT,
        related_name="channels",
    )
    sender = models.CharField(
        "Sender number",
        max_length=20,
        help_text="The number, short code or name (up to 11 letters or digits) that recipients see.",
    )
    purpose = models.CharField(
        "Purpose", max_length=20, choices=CHANNEL_PURPOSES, default=Purpose.TRANSACTIONAL.value
    )
    require_opt_in = models.BooleanField(
        "Marketing needs an opt-in on record",
        default=True,
        help_text="On: marketing goes only to numbers that have opted in. Off: to all that have not opted out.",
    )
    default_country = models.CharField(
        "Default country",
        max_length=2,
        blank=True,
        help_text="Two letters, such as US. Numbers without + are read as numbers of this country.",
    )
    status = models.CharField(
        "Status", max_length=10, choices=ChannelStatus, default=ChannelStatus.DRAFT, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "Channel configuration"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):  # type: ignore[django-manager-missing]
    """One outbound message (MT) and its state; `id` is ours, `provider_id` the provider's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(
        ChannelConfiguration, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    credential = models.ForeignKey(ApiCredential, on_delete=models.PROTECT, related_name="messages")
    subject = models.ForeignKey(ConsentSubject, on_delete=models.PROTECT, related_name="+", db_index=False)
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    msisdn = models.CharField("To", max_length=16, db_index=True)
    sender = models.CharField("From", max_length=20)
    purpose = models.CharField(max_length=20, choices=PURPOSES)
    source = models.CharField(max_length=10, choices=Source)
    text = models.TextField()
    profile = models.JSONField(default=dict)
    reference = models.CharField(max_length=100, blank=True)
    in_reply_to = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True)
    unique_key = models.CharField(max_length=100, null=True, unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    part_count = models.PositiveSmallIntegerField(default=1)
    provider_id = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True)
    possible_duplicate = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    uncounted_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["credential", "due_at", "id"],
                name="message_queue",
                condition=models.Q(state=State.QUEUED),
            ),
            models.Index(
                fields=["lease_until"],
                name="message_leases",
                condition=models.Q(state__in=[State.CLAIMED, State.SENDING]),
            ),
            models.Index(
                fields=["valid_until"],
                name="message_validity",
                condition=models.Q(state=State.QUEUED),
            ),
            models.Index(
                fields=["subject"],
                name="message_under_way",
                condition=models.Q(state__in=[State.QUEUED, State.CLAIMED, State.SENDING]),
            ),
            models.Index(fields=["created_at", "state"], name="message_day"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="message_state_known")
        ]

    def __str__(self) -> str:
        return f"To {mask_number(self.msisdn)}"


class MessagePart(models.Model):
    """One part of a message: the unit of sending and reporting. `text` is blank where it is the whole message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=PartState, default=PartState.WAITING)
    provider_id = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="part_once")]
        indexes = [
            models.Index(fields=["provider_id"], name="part_provider_id", condition=~models.Q(provider_id=""))
        ]

    def __str__(self) -> str:
        return f"{self.message_id} part {self.number}"


class Attempt(models.Model):
    """One try to hand a part to the provider; opened before the first byte, secrets masked."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    part = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    elapsed_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=12, blank=True)
    failure = models.CharField(max_length=20, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=100, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    request = models.JSONField(default=dict)
    response = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "number", "part"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.message_id} attempt {self.number}"


class MessageEvent(AppendOnlyModel):
    """One change of a message's state, written in the same transaction as the change."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    before = models.CharField(max_length=12, choices=State, blank=True)
    after = models.CharField(max_length=12, choices=State)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.before} to {self.after}"


class SendHold(models.Model):
    """The kill switch: while one is not released, nothing is sent."""

    reason = models.CharField("Reason", max_length=255)
    placed_by = models.CharField(max_length=150, editable=False)
    placed_at = models.DateTimeField(default=timezone.now, editable=False)
    released_by = models.CharField(max_length=150, blank=True, editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-placed_at"]
        verbose_name = "Send hold"

    def __str__(self) -> str:
        return self.reason


class WebHost(models.Model):
    """A machine that takes callbacks; gates wait while it may hold some that the database does not know."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=100)
    seen_at = models.DateTimeField()
    spooled = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ParkedReport(models.Model):
    """A report that came before its message was known as accepted; matched later, kept 72 hours."""

    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="+")
    provider_id = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True, db_index=True)
    message_id = models.UUIDField(null=True, db_index=True)
    report = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.provider_id or str(self.message_id)
