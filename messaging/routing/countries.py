"""To which countries a channel sends: those it names, else those of its senders. The default is to refuse."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings

from core.errors import CountryNotAllowed
from core.numbers import country_or_main
from core.text_lists import joined, words_of
from messaging.models import ChannelConfiguration
from messaging.routing.choosing import RouteRow

EVERYWHERE = "*"
_NO_COUNTRY = "numbers that belong to no country"  # satellite phones, international freephone


def check_country(channel: ChannelConfiguration, route: RouteRow | None, country: str) -> None:
    """CountryNotAllowed unless the channel may send there by this route (None: without routes)."""
    if is_allowed(channel, route, country):
        return
    allowed = allowed_by(channel, route) or frozenset()
    raise CountryNotAllowed(
        f"Messages to {country or _NO_COUNTRY} are not allowed on the channel configuration {channel.name} "
        f"({_told(allowed)}). Add {country or EVERYWHERE} to “Countries allowed” (countries_allowed) of that channel "
        "configuration.",
        param="to",
        channel_id=channel.pk,
    )


def is_allowed(channel: ChannelConfiguration, route: RouteRow | None, country: str) -> bool:
    """Whether the channel may send there by this route (None: without routes)."""
    allowed = allowed_by(channel, route)
    return allowed is None or country in allowed


def allowed_by(channel: ChannelConfiguration, route: RouteRow | None) -> frozenset[str] | None:
    """The countries; None: all, which a route that names countries or prefixes leaves to its conditions."""
    if not channel.countries_allowed and route is not None and (route.countries or route.prefixes):
        return None
    senders = (channel.sender,) if route is None else route.senders
    default = channel.default_country or settings.SMSGATEWAY_DEFAULT_COUNTRY
    return _allowed(channel.countries_allowed, senders, default)


def check_sender(sender: str, country: str, *, channels: Iterable[ChannelConfiguration]) -> None:
    """The same for a test without a channel: the country of its sender, and what channels of its credential allow."""
    allowed = _allowed("", (sender,), settings.SMSGATEWAY_DEFAULT_COUNTRY) or frozenset()
    if country in allowed:
        return
    first: ChannelConfiguration | None = None
    for channel in channels:
        if is_allowed(channel, None, country):
            return
        first = first or channel
    where = "of a channel configuration of these API credentials"
    raise CountryNotAllowed(
        f"Tests from this sender do not go to {country or _NO_COUNTRY} ({_told(allowed)}). "
        f"Add {country or EVERYWHERE} to “Countries allowed” "
        f"(countries_allowed) {f'of the channel configuration {first.name}' if first else where}.",
        param="to",
        channel_id=first.pk if first else None,
    )


@lru_cache(maxsize=1024)
def _allowed(named: str, senders: tuple[str, ...], default_country: str) -> frozenset[str] | None:
    countries = words_of(named)
    if EVERYWHERE in countries:
        return None
    if countries:
        return frozenset(countries)
    found = (country_or_main(sender) if sender.startswith("+") else default_country for sender in senders)
    return frozenset(country for country in found if country)


def _told(allowed: Iterable[str]) -> str:
    return f"allowed: {joined(sorted(allowed))}" if allowed else "none is allowed"
