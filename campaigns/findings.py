"""What keeps a campaign from starting, and what somebody should know before: the same list for page, API and start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Model

from campaigns.audiences.querying import profiles_in
from campaigns.authoring.choosing import DEFAULT
from campaigns.models import Campaign, CampaignKind, CampaignVariant, When
from campaigns.scheduling.clocks import comes_twice, is_skipped, moment_of
from campaigns.scheduling.plans import plan_of
from campaigns.scheduling.times import first_run
from consent import optout
from core.clock import now
from core.errors import GatewayError
from core.templating.engine import syntax_problem
from core.vocabulary import Purpose
from messaging.models import ChannelConfiguration, ChannelStatus
from messaging.routing.table import routes_of


class Weight(StrEnum):
    """Whether a finding stops the campaign or only tells something."""

    STOPS = "stops"
    WARNS = "warns"


@dataclass(frozen=True)
class Finding:
    """One thing to know before the start; `about` is the record where it is mended."""

    code: str
    text: str
    weight: Weight = Weight.STOPS
    about: Model | None = None

    @property
    def stops(self) -> bool:
        """Whether the campaign cannot start as it is."""
        return self.weight == Weight.STOPS


def findings_on(campaign: Campaign) -> list[Finding]:
    """All there is to say about a campaign as it is set up; those that stop it first."""
    found = [finding for look in _LOOKS for finding in look(campaign)]
    return sorted(found, key=lambda finding: not finding.stops)


def _channel(campaign: Campaign) -> Iterator[Finding]:
    channel = campaign.channel
    if channel.status != ChannelStatus.ACTIVE:
        yield Finding(
            "channel_inactive",
            f"The channel configuration {channel.name} is a draft. Activate it.",
            about=channel,
        )
    if channel.credential.paused_at is not None:
        yield Finding(
            "credential_paused",
            f"The API credentials {channel.credential} are paused: messages would wait. Resume them.",
            Weight.WARNS,
            channel.credential,
        )
    if channel.purpose == Purpose.MARKETING and not channel.require_opt_in:
        yield Finding(
            "opt_in_not_required",
            "The channel sends marketing to everybody who has not opted out, with or without an opt-in on record.",
            Weight.WARNS,
            channel,
        )


def _audience(campaign: Campaign) -> Iterator[Finding]:
    if campaign.kind == CampaignKind.TRIGGERED:
        return
    if campaign.audience is None:
        yield Finding("audience_missing", "Choose whom it goes to.", about=campaign)
        return
    try:
        profiles_in(campaign.audience)
    except GatewayError as error:
        yield Finding(
            "audience_invalid",
            f"The filter of {campaign.audience} cannot be read: {error.text}",
            about=campaign.audience,
        )


def _texts(campaign: Campaign) -> Iterator[Finding]:
    variants = list(campaign.variants.select_related("version__template").prefetch_related("version__texts"))
    if not variants:
        yield Finding("variant_missing", "Choose a message: the campaign has none.", about=campaign)
    for variant in variants:
        yield from _text_of(campaign, variant)


def _text_of(campaign: Campaign, variant: CampaignVariant) -> Iterator[Finding]:
    template, texts = variant.version.template, list(variant.version.texts.all())
    for text in texts:
        if problem := syntax_problem(text.text):
            yield Finding("text_invalid", f"{variant.version} ({text}): {problem}", about=template)
        if _must_tell_how_to_opt_out(campaign.channel) and not _tells(text.text):
            yield Finding(
                "opt_out_missing",
                f"{variant.version} ({text}): recipients cannot answer {campaign.channel.sender}, and the text does "
                f"not tell how to opt out. Add {{{{{optout.VARIABLE}}}}}, or say where to write STOP to.",
                about=template,
            )
    if not texts:
        yield Finding("text_missing", f"{variant.version} has no text.", about=template)
    elif all(text.language != DEFAULT for text in texts):
        yield Finding(
            "no_default_text",
            f"{variant.version} has no default text: who speaks another language is left out.",
            Weight.WARNS,
            template,
        )


def _must_tell_how_to_opt_out(channel: ChannelConfiguration) -> bool:
    """Marketing from a sender that nobody can answer: a name instead of a number, of the channel or its routes."""
    routes = [route for route in routes_of(channel.pk) if route.active]
    senders = {sender for route in routes for sender in route.senders} or {channel.sender}
    return channel.purpose == Purpose.MARKETING and any(is_one_way(sender) for sender in senders)


def is_one_way(sender: str) -> bool:
    """Whether recipients cannot answer: an alphanumeric sender."""
    return any(character.isalpha() for character in sender)


_EXIT = r"(?<![\w-])(stop|opt[ -]?out|unsubscribe|arr[eê]t|d[eé]sab\w*|baja|abmeld\w*|afmeld\w*)(?![\w-])"
_PLACE = r"(\d{3,}|https?://|www\.)"
# Words by which texts say how to opt out, with a number or an address to turn to.
_WAY_OUT = re.compile(rf"{_EXIT}.{{0,40}}?{_PLACE}|{_PLACE}.{{0,40}}?{_EXIT}", re.IGNORECASE | re.DOTALL)


def _tells(text: str) -> bool:
    return optout.VARIABLE in text or _WAY_OUT.search(text) is not None


def _schedule(campaign: Campaign) -> Iterator[Finding]:
    if campaign.when == When.NOW or campaign.start_on is None or campaign.start_time is None:
        return
    moment = now()
    first = first_run(plan_of(campaign), moment)
    if first is None:
        yield Finding("schedule_past", "That time is over. Choose a later one.", about=campaign)
    elif first <= moment:
        yield Finding(
            "over_somewhere",
            "In some time zones that time is over already: recipients there get it at once, or after quiet hours.",
            Weight.WARNS,
            campaign,
        )
    yield from _clock_changes(campaign)


def _clock_changes(campaign: Campaign) -> Iterator[Finding]:
    day, at, zone = campaign.start_on, campaign.start_time, campaign.time_zone
    assert day is not None
    assert at is not None
    shown = f"{at:%H:%M} on {day:%Y-%m-%d}"
    if is_skipped(day, at, zone):
        later = moment_of(day, at, zone)
        yield Finding(
            "hour_skipped",
            f"There is no {shown} in {zone}: clocks are put forward. Choose another time; the moment would be "
            f"{later:%H:%M} UTC.",
            about=campaign,
        )
    elif comes_twice(day, at, zone):
        yield Finding(
            "hour_doubled",
            f"{shown} comes twice in {zone}: clocks are put back. It starts the first time.",
            Weight.WARNS,
            campaign,
        )


_LOOKS: tuple[Callable[[Campaign], Iterator[Finding]], ...] = (_channel, _audience, _texts, _schedule)
