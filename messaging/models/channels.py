"""What a sender picks: the channel configuration."""

from __future__ import annotations

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from core.ids import uuid7
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from links.addresses import LONGEST, check_address
from messaging.models.timing import Timing
from messaging.models.vocabulary import CHANNEL_PURPOSES


class ChannelStatus(models.TextChoices):
    """A draft can be edited and tested; only an active channel sends."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"


class ChannelConfiguration(Timing):
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
    keep_order = models.BooleanField(
        "Keep the order per recipient",
        default=False,
        help_text="On: a message waits while an earlier one to the same recipient through this channel is due, waits "
        "for another try or is on its way.",
    )
    default_country = models.CharField(
        "Default country",
        max_length=2,
        blank=True,
        help_text="Two letters, such as US. Numbers without + are read as numbers of this country.",
    )
    countries_allowed = models.CharField(
        "Countries allowed",
        max_length=1200,
        blank=True,
        help_text="Two letters each, separated by commas, such as US, CA. Messages to other countries are refused. "
        "Blank: the country of the sender; for names and short codes the default country; where routes name countries "
        "or prefixes, those. * allows every country, and leaves fraud with costly numbers abroad no bound.",
    )
    codes_move_on = models.BooleanField(
        "One-time codes move on when an answer is lost",
        default=False,
        help_text="On: a one-time code whose answer is lost leaves by the next route as well, and may arrive twice. "
        "Off: it waits for a report or for staff, as every other message does.",
    )
    track_links = models.BooleanField(
        "Shorten and track all links",
        default=False,
        help_text="On: every http(s) address in a text becomes a short link of its own for each recipient, and clicks "
        "are counted. Off: only addresses given to the track helper.",
    )
    link_domain = models.CharField(
        "Short domain",
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$", "Write a host, such as go.example.com."
            )
        ],
        help_text="A host that leads here, such as go.example.com; add it to SMSGATEWAY_ALLOWED_HOSTS. Blank: the "
        "gateway's own address.",
    )
    link_days = models.PositiveSmallIntegerField(
        "Links expire after (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Blank: never.",
    )
    link_fallback_url = models.CharField(
        "Expired links lead to",
        max_length=LONGEST,
        blank=True,
        validators=[check_address],
        help_text="Blank: a page that says the link has expired.",
    )
    link_parameters = models.CharField(
        "Parameters to add",
        max_length=300,
        blank=True,
        validators=[
            RegexValidator(
                r"^[^\s&=?#]+=[^\s&=?#]*(&[^\s&=?#]+=[^\s&=?#]*)*$", "Write utm_source=sms&utm_medium=text."
            )
        ],
        help_text="Added to every tracked address that lacks them, such as utm_source=sms&utm_medium=text.",
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
