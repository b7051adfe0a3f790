"""How fast and whether at all a credential sends: limits of a sender, where each limit stands, the breaker."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from credentials.models import ApiCredential


class SenderLimit(models.Model):
    """The most that leaves from one sender of a credential in a second."""

    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="sender_limits")
    sender = models.CharField("Sender number", max_length=20, help_text="As on the channel configuration.")
    messages_per_second = models.FloatField(
        "Messages per second",
        validators=[MinValueValidator(0.01, "At least 0.01, one message in 100 seconds.")],
        help_text="Such as 1 for a long number in the United States, 100 for a short code. 0.5: one in two seconds.",
    )

    class Meta:
        verbose_name = "sender limit"
        ordering = ["credential__name", "sender"]
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "sender"],
                name="sender_limit_once",
                violation_error_message="This sender of the credential has a limit already; change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender} through {self.credential}"


class Pace(models.Model):
    """Where a rate limit stands: the next message, the next segment may leave then. `sender` "": the credential's.

    The row is the lock of all workers that take messages under this limit.
    """

    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="+")
    sender = models.CharField(max_length=20, blank=True)
    next_message_at = models.DateTimeField(null=True)
    next_segment_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["credential", "sender"], name="pace_once")]

    def __str__(self) -> str:
        return f"{self.credential_id} {self.sender}"


class BreakerState(models.TextChoices):
    """Closed: messages pass. Open: they wait. Half open: one message tries."""

    CLOSED = "closed", "Closed"
    OPEN = "open", "Open"
    HALF_OPEN = "half_open", "Half open"


class Breaker(models.Model):
    """Whether the provider of a credential answers; without a row it does.

    `failures` and `answers` since the first failure, at `since`: of half a minute, or in a row where no answer came
    between. `openings` in a row without closing; from `probe_at` on one worker may try
    (half open: another one, should the first have been lost).
    """

    credential = models.OneToOneField(
        ApiCredential, primary_key=True, on_delete=models.CASCADE, related_name="breaker"
    )
    state = models.CharField(max_length=10, choices=BreakerState, default=BreakerState.CLOSED)
    failures = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0, db_default=0)
    since = models.DateTimeField(null=True)
    openings = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    probe_token = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.credential_id}: {self.state}"
