"""The channel a text is looked at for: how its credential cuts texts, what a segment costs, its links."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings

from core.numbers import country_of
from credentials.loading import text_of
from credentials.models import ApiCredential
from credentials.spec import TextSpec
from links.drafting import LinkOptions
from messaging.linking import options_of
from messaging.models import ChannelConfiguration
from messaging.routing.choosing import Facts, RouteRow, choose, sender_for
from messaging.routing.table import routes_of
from messaging.spending.limits import MILLION
from messaging.spending.prices import segment_price


@dataclass(frozen=True)
class Way:
    """How one recipient's message would leave."""

    credential: ApiCredential | None
    sender: str
    spec: TextSpec


@dataclass(frozen=True)
class Ways:
    """A channel as the preview sees it; without one, a plain sender with no price."""

    channel: ChannelConfiguration | None
    routes: tuple[RouteRow, ...] = ()

    @classmethod
    def of(cls, channel: ChannelConfiguration | None) -> Ways:
        """With its routes, looked up once."""
        return cls(channel, routes_of(channel.pk) if channel else ())

    @property
    def links(self) -> LinkOptions:
        """How its links are made."""
        return options_of(self.channel)

    def to(self, msisdn: str) -> Way:
        """The way to a number (E.164): its route, or the channel itself."""
        channel = self.channel
        if channel is None:
            return Way(None, "12345", TextSpec())
        route = choose(self.routes, Facts(msisdn, country_of(msisdn), channel.purpose))
        credential = route.credential if route else channel.credential
        sender = sender_for(route.senders, msisdn) if route else channel.sender
        return Way(credential, sender, text_of(credential))

    def cost(self, way: Way, msisdn: str, parts: int) -> int | None:
        """What so many segments cost, in millionths of the currency; None without a price."""
        each = segment_price(way.credential.pk, msisdn) if way.credential else None
        return None if each is None else parts * each


def money(millionths: int) -> str:
    """An amount with the currency of the installation."""
    return f"{millionths / MILLION:,.4f} {settings.SMSGATEWAY_CURRENCY}"


def choosable() -> list[ChannelConfiguration]:
    """The channels to pick from, active ones first."""
    channels = ChannelConfiguration.objects.select_related("credential")
    return sorted(channels, key=lambda channel: (channel.status != "active", channel.name.lower()))


def channel_of(channel_id: str) -> ChannelConfiguration | None:
    """The channel with that id, if there is one."""
    try:
        wanted = uuid.UUID(channel_id)
    except ValueError:
        return None
    return ChannelConfiguration.objects.select_related("credential").filter(pk=wanted).first()
