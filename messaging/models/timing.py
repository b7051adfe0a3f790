"""When a channel's messages may go out, how often, how long they are tried, and what becomes of lost answers."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

DAYS = (
    ("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"), ("thu", "Thursday"), ("fri", "Friday"),
    ("sat", "Saturday"), ("sun", "Sunday"),
)  # fmt: skip
DAY_NUMBERS = {name: number for number, (name, _) in enumerate(DAYS)}
LONGEST_VALIDITY_MINUTES = 7 * 24 * 60


class CapWindow(models.TextChoices):
    """The time over which messages to a recipient are counted, back from now."""

    DAY = "day", "in 24 hours"
    WEEK = "week", "in 7 days"
    MONTH = "month", "in 30 days"


class CapScope(models.TextChoices):
    """Which messages count towards a cap."""

    CHANNEL = "channel", "Marketing through this channel"
    ALL = "all", "Marketing through all channels"


class WhenUnknown(models.TextChoices):
    """What is done about a message whose answer was lost and that nothing settles."""

    HOLD = "hold", "Wait for a report or for staff"
    RESEND = "resend", "Send it once more, flagged as a possible duplicate"
    FAIL = "fail", "Mark it as failed after some hours"


def check_days(value: object) -> None:
    """ValidationError unless `value` is a list of days, such as ["sat", "sun"]."""
    if not isinstance(value, list) or any(day not in DAY_NUMBERS for day in value):
        raise ValidationError(f"Write days as a list of {', '.join(DAY_NUMBERS)}.")


class Timing(models.Model):
    """Quiet hours, frequency cap and validity of a channel, and its rule for lost answers."""

    quiet_from = models.TimeField(
        "Quiet from", null=True, blank=True,
        help_text="By the recipient's clock, for example 21:00. What comes due in quiet hours waits and goes out at "
        "their end.",
    )  # fmt: skip
    quiet_until = models.TimeField(
        "Quiet until",
        null=True,
        blank=True,
        help_text="For example 08:00; the next morning when it is earlier.",
    )
    quiet_days = models.JSONField(
        "Quiet hours begin on",
        default=list,
        blank=True,
        validators=[check_days],
        help_text="None: every day.",
    )
    quiet_whole_days = models.JSONField(
        "Quiet all day on", default=list, blank=True, validators=[check_days],
        help_text="From midnight to midnight, for example Sunday.",
    )  # fmt: skip
    quiet_for_all = models.BooleanField(
        "Also for transactional messages",
        default=False,
        help_text="Off: quiet hours hold for marketing. One-time codes and consent replies never wait.",
    )
    cap_count = models.PositiveSmallIntegerField(
        "At most", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Marketing messages to one recipient. Empty: no limit.",
    )  # fmt: skip
    cap_window = models.CharField("In", max_length=10, choices=CapWindow, default=CapWindow.DAY)
    cap_scope = models.CharField("Counted", max_length=10, choices=CapScope, default=CapScope.CHANNEL)
    cap_drops = models.BooleanField(
        "Drop what is over the limit",
        default=False,
        help_text="Off: it waits until the limit lets it through, or expires. On: it is suppressed at once.",
    )
    give_up_after = models.PositiveIntegerField(
        "Give up after (minutes)", null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_VALIDITY_MINUTES)],
        help_text="A message that could not be sent by then expires. Empty: marketing 4 hours, transactional 24 hours. "
        "One-time codes wait at most 10 minutes. Time spent in quiet hours does not count.",
    )  # fmt: skip

    when_unknown = models.CharField(
        "When the answer is lost", max_length=10, choices=WhenUnknown, default=WhenUnknown.HOLD,
        help_text="The provider may have the message. Sending it again, five minutes later, may mean it arrives twice.",
    )  # fmt: skip
    when_unknown_code = models.CharField(
        "The same for one-time codes", max_length=10, choices=WhenUnknown, default=WhenUnknown.HOLD,
        help_text="A code is sent again after 30 seconds, while it is valid.",
    )  # fmt: skip
    unknown_hours = models.PositiveSmallIntegerField(
        "Failed after (hours)", default=24, validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text="Where lost answers are marked as failed: how long reports may come before.",
    )  # fmt: skip

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Quiet hours have a beginning and an end, and leave some time for messages."""
        super().clean()
        if (self.quiet_from is None) != (self.quiet_until is None):
            missing = "quiet_from" if self.quiet_from is None else "quiet_until"
            raise ValidationError({missing: "Give both times, or none for no quiet hours."})
        if len(set(self.quiet_whole_days)) == len(DAYS):
            raise ValidationError(
                {"quiet_whole_days": "Leave at least one day on which messages may go out."}
            )
        if self.quiet_from is not None and self.quiet_from == self.quiet_until and not self.quiet_days:
            raise ValidationError(
                {"quiet_until": "Quiet around the clock lets nothing out. Choose another time."}
            )


TIMING_FIELDS = (
    "quiet_from", "quiet_until", "quiet_days", "quiet_whole_days", "quiet_for_all", "cap_count", "cap_window",
    "cap_scope", "cap_drops", "give_up_after", "when_unknown", "when_unknown_code", "unknown_hours",
)  # fmt: skip
