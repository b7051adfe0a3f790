"""Routes: the ways a channel's messages may leave, in order."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from credentials.models import ApiCredential
from messaging.models.channels import ChannelConfiguration
from messaging.models.vocabulary import LONGEST_ROUTE_NAME


class Route(models.Model):
    """A credential and its senders, for those messages of a channel that meet the conditions."""

    channel = models.ForeignKey(
        ChannelConfiguration,
        verbose_name="Channel configuration",
        on_delete=models.CASCADE,
        related_name="routes",
    )
    name = models.CharField(
        "Name",
        max_length=LONGEST_ROUTE_NAME,
        help_text="Stands on every message that goes this way, such as “Germany, main”.",
    )
    position = models.PositiveSmallIntegerField(
        "Order",
        default=1,
        help_text="Routes are tried from the lowest to the highest; the first that fits is taken.",
    )
    weight = models.PositiveSmallIntegerField(
        "Weight",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Routes with a weight that follow each other share their messages, such as 70 and 30. Each recipient "
        "keeps to one of them. Blank: it takes every message that fits.",
    )
    active = models.BooleanField(
        "Active", default=True, help_text="Off: no message goes this way; nothing else changes."
    )
    credential = models.ForeignKey(
        ApiCredential,
        verbose_name="API credentials",
        on_delete=models.PROTECT,
        related_name="routes",
    )
    senders = models.CharField(
        "Senders",
        max_length=500,
        blank=True,
        help_text="One or several, separated by commas. Each recipient always sees the same one of them. "
        "Blank: the sender of the channel configuration.",
    )
    countries = models.CharField(
        "Countries",
        max_length=1000,
        blank=True,
        help_text="Two letters each, separated by commas, such as DE, AT, CH. Blank: every country.",
    )
    prefixes = models.CharField(
        "Number prefixes",
        max_length=500,
        blank=True,
        help_text="Beginnings of numbers with + and country code, separated by commas, such as +4915, +4916. "
        "Blank: every number.",
    )
    purposes = models.CharField(
        "Purposes", max_length=100, blank=True, help_text="None chosen: every purpose."
    )

    class Meta:
        verbose_name = "Route"
        ordering = ["channel__name", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "name"],
                name="route_name_once",
                violation_error_message="The channel configuration has a route of that name. Choose another name.",
            )
        ]

    def __str__(self) -> str:
        return self.name
