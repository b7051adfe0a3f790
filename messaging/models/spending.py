"""What segments cost, what may be spent, and what has been."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from access.models import ApiKey
from credentials.models import ApiCredential
from messaging.models.channels import ChannelConfiguration


class SegmentPrice(models.Model):
    """What a credential's provider asks for a segment to a country, in the currency of the installation."""

    credential = models.ForeignKey(
        ApiCredential, verbose_name="API credentials", on_delete=models.CASCADE, related_name="prices"
    )
    country = models.CharField(
        "Country", max_length=3, blank=True, help_text="Two letters, such as US. Blank: every other country."
    )
    price = models.DecimalField(
        "Price of a segment", max_digits=10, decimal_places=5, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "Segment price"
        ordering = ["credential__name", "country"]
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "country"],
                name="price_once",
                violation_error_message="These API credentials have a price for that country. Change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.credential} to {self.country or 'every other country'}"


class Scope(models.TextChoices):
    """What a limit counts together."""

    ALL = "all", "All messages"
    CHANNEL = "channel", "Messages of a channel configuration"
    COUNTRY = "country", "Messages to a country"
    API_KEY = "api_key", "Messages of an API key"


class Period(models.TextChoices):
    """How long a limit counts before it starts anew, by the clock of UTC."""

    HOUR = "hour", "An hour"
    DAY = "day", "A day"
    MONTH = "month", "A month"


class Unit(models.TextChoices):
    """What is counted."""

    MESSAGES = "messages", "Messages"
    MONEY = "money", "Money"


class SpendLimit(models.Model):
    """Messages or money in an hour, a day or a month; what would pass it is refused."""

    name = models.CharField("Name", max_length=100, unique=True)
    active = models.BooleanField(
        "Active", default=True, help_text="Off: it counts nothing and refuses nothing."
    )
    scope = models.CharField("Counts", max_length=10, choices=Scope, default=Scope.ALL)
    channel = models.ForeignKey(
        ChannelConfiguration, verbose_name="Channel configuration", null=True, blank=True, on_delete=models.CASCADE,
        related_name="+", help_text="Blank: each channel configuration by itself.",
    )  # fmt: skip
    country = models.CharField(
        "Country",
        max_length=3,
        blank=True,
        help_text="Two letters, such as US. Blank: each country by itself.",
    )
    api_key = models.ForeignKey(
        ApiKey, verbose_name="API key", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="Blank: each API key by itself.",
    )  # fmt: skip
    period = models.CharField("In", max_length=5, choices=Period, default=Period.DAY)
    unit = models.CharField("Of", max_length=8, choices=Unit, default=Unit.MESSAGES)
    amount = models.DecimalField(
        "At most",
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text="Messages, or money in the currency of the segment prices. 0 stops everything it counts.",
    )

    class Meta:
        verbose_name = "Spend limit"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SpendCounter(models.Model):
    """What a limit has counted in one period; `used` and `largest` in messages or millionths of the currency."""

    limit = models.ForeignKey(SpendLimit, on_delete=models.CASCADE, related_name="counters")
    target = models.CharField(max_length=40, blank=True)
    window_start = models.DateTimeField(db_index=True)
    used = models.BigIntegerField(default=0)
    largest = models.BigIntegerField(
        default=0
    )  # of one message: what does not fit any more has reached the limit

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["limit", "target", "window_start"], name="spend_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.limit_id} {self.target} {self.window_start:%Y-%m-%d %H:%M}"
