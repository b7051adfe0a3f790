"""Outbound messages, their parts, their attempts and their history."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from access.append_only import AppendOnlyModel
from access.models import ApiKey
from consent.models import ConsentSubject
from core.ids import uuid7
from core.numbers import mask_number
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging.models.channels import ChannelConfiguration
from messaging.models.vocabulary import LONGEST_PROVIDER_ID, LONGEST_ROUTE_NAME, PURPOSES, Source
from messaging.states import CAPPED, SELDOM, PartState, Priority, State


class Message(models.Model):  # type: ignore[django-manager-missing]
    """One outbound message (MT) and its state; `id` is ours, `provider_id` the provider's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(
        ChannelConfiguration, null=True, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    credential = models.ForeignKey(
        ApiCredential, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    subject = models.ForeignKey(ConsentSubject, on_delete=models.PROTECT, related_name="+", db_index=False)
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    msisdn = models.CharField("To", max_length=16)
    sender = models.CharField("From", max_length=20)
    # Its name when it was chosen: a route may be renamed or deleted, what happened stays told.
    route = models.CharField(max_length=LONGEST_ROUTE_NAME, blank=True)
    purpose = models.CharField(max_length=20, choices=PURPOSES)
    source = models.CharField(max_length=10, choices=Source)
    text = models.TextField()
    profile = models.JSONField(default=dict)
    reference = models.CharField(max_length=100, blank=True)
    in_reply_to = models.CharField(max_length=LONGEST_PROVIDER_ID, blank=True)
    unique_key = models.CharField(max_length=100, null=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    part_count = models.PositiveSmallIntegerField(default=1)
    segments = models.PositiveSmallIntegerField(
        default=1
    )  # of all parts together, as the provider bills them
    country = models.CharField(max_length=2, blank=True)  # of the number; "" where it belongs to none
    priority = models.PositiveSmallIntegerField(default=Priority.TRANSACTIONAL)
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
        # A change of state writes every index anew: one that covers all rows has to be worth that.
        indexes = [
            models.Index(fields=["msisdn"], name="message_number"),
            models.Index(fields=["channel", "id"], name="message_channel"),
            models.Index(fields=["purpose", "id"], name="message_purpose"),
            models.Index(
                fields=["source", "id"],
                name="message_source",
                condition=models.Q(source__in=[Source.ADMIN, Source.REPLY, Source.TEST]),
            ),
            models.Index(fields=["state", "id"], name="message_seldom", condition=models.Q(state__in=SELDOM)),
            models.Index(
                fields=["credential", "priority", "due_at", "id"],
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
            models.Index(
                fields=["state", "credential"],
                name="message_attention",
                condition=models.Q(state__in=[State.UNKNOWN, State.QUARANTINED]),
            ),
            models.Index(
                fields=["subject", "due_at"],
                name="message_capped",
                condition=models.Q(purpose=Purpose.MARKETING.value, state__in=CAPPED),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="message_state_known"),
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=models.Q(unique_key__isnull=False),
                name="message_unique_key",
            ),
        ]

    def __str__(self) -> str:
        return f"To {mask_number(self.msisdn)}"


class MessagePart(models.Model):
    """One part of a message: the unit of sending and reporting. `text` is blank where it is the whole message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="parts", db_index=False)
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

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    part = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    elapsed_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=12, blank=True)
    failure = models.CharField(max_length=20, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=100, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    judged_by = models.CharField(max_length=300, blank=True)
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
