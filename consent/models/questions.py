"""What waits for an answer: possible opt-outs for staff, double opt-ins for the recipient."""

from __future__ import annotations

from django.db import models

from consent.models.record import ConsentEvent, ConsentSubject
from consent.models.words import Decision


class ReviewKind(models.TextChoices):
    """Why somebody has to look at a message."""

    FREE_WORDS = "free_words", "In free words"
    NEAR_MISS = "near_miss", "Near miss"
    REQUIRED_WORD = "required_word", "Required word"


class ReviewState(models.TextChoices):
    """Where a review stands."""

    OPEN = "open", "Open"
    DECIDED = "decided", "Decided"
    LAPSED = "lapsed", "Lapsed to opt-out"
    OVERTAKEN = "overtaken", "The person spoke again"


class ConsentReview(models.Model):
    """A message that may be an opt-out, waiting for staff; its text is sealed in `event`, the newest such message.

    `paused` is the purpose that waits meanwhile; an opt-out would stop `purpose`. Undecided, it becomes an opt-out
    at `lapses_at`; `due_at` is when the law wants it honoured.
    """

    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.PROTECT, related_name="reviews", db_index=False
    )
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=ReviewKind)
    scope = models.CharField(max_length=100, default="all")
    purpose = models.CharField(max_length=20, default="all")
    paused = models.CharField(max_length=20, default="marketing")
    messages = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField("opened")
    lapses_at = models.DateTimeField("becomes an opt-out")
    due_at = models.DateTimeField("due")
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the recipient was asked to confirm."
    )
    state = models.CharField(max_length=10, choices=ReviewState, default=ReviewState.OPEN)
    decision = models.CharField(max_length=20, blank=True, choices=Decision)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "consent review"
        verbose_name_plural = "review queue"
        ordering = ("due_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("subject", "scope", "paused"),
                condition=models.Q(state="open"),
                name="consent_review_open_once",
            )
        ]
        indexes = [
            models.Index(
                fields=("lapses_at",), name="consent_review_lapses", condition=models.Q(state="open")
            ),
            models.Index(fields=("state", "lapses_at", "id"), name="consent_review_order"),
            models.Index(fields=("subject", "state"), name="consent_review_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.opened_at:%Y-%m-%d %H:%M}"


class PendingState(models.TextChoices):
    """Where a double opt-in stands."""

    PENDING = "pending", "Waiting for the answer"
    CONFIRMED = "confirmed", "Confirmed"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Expired"


class PendingOptIn(models.Model):
    """A double opt-in: asked once, in force only when answered in time. `event` is the opt_in_pending."""

    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.PROTECT, related_name="pending", db_index=False
    )
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    scope = models.CharField(max_length=100, default="all")
    purpose = models.CharField(max_length=20, default="all")
    sender = models.CharField(max_length=20, blank=True, help_text="The number the question was sent from.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PendingState, default=PendingState.PENDING)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "pending opt-in"
        constraints = [
            models.UniqueConstraint(
                fields=("subject", "scope", "purpose"),
                condition=models.Q(state="pending"),
                name="consent_pending_once",
            )
        ]
        indexes = [
            models.Index(
                fields=("expires_at",), name="consent_pending_expiry", condition=models.Q(state="pending")
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.asked_at:%Y-%m-%d %H:%M}"
