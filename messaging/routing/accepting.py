"""A submission gets the credential and the sender of the first route that fits, and goes to allowed countries only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import NoRoute
from core.numbers import country_or_main
from messaging.models import ChannelConfiguration, Source
from messaging.routing.choosing import Facts, RouteRow, choose, sender_for, why_none
from messaging.routing.countries import check_country, check_sender, is_allowed
from messaging.routing.health import unwell_of
from messaging.routing.table import routes_of

if TYPE_CHECKING:
    from messaging.accept import Submission


def routed(submission: Submission, msisdn: str) -> Submission:
    """The submission with what its route says, if its channel has routes; refused where it may not go.

    NoRoute says for each route why it does not fit, CountryNotAllowed which setting does not name the country. Answers
    to somebody go back where the question came from, whatever routes and countries say.
    """
    if submission.source == Source.REPLY or submission.goes_back:
        return submission
    channel, country = submission.channel, country_or_main(msisdn)
    if channel is None:
        if submission.source == Source.TEST:
            own = ChannelConfiguration.objects.filter(credential=submission.credential).order_by("created_at")
            check_sender(submission.sender, country, channels=own)
        return submission
    route = _route_for(channel, Facts(msisdn, country, submission.purpose.value))
    check_country(channel, route, country)
    if route is None:
        return submission
    sender = sender_for(route.senders, msisdn)
    return replace(submission, credential=route.credential, sender=sender, route=route.name)


def _route_for(channel: ChannelConfiguration, facts: Facts) -> RouteRow | None:
    """None: the channel has no routes."""
    routes = routes_of(channel.pk)
    if not routes:
        return None
    allowed = [route for route in routes if is_allowed(channel, route, facts.country)]
    unwell = unwell_of(routes)
    # Only where no route may go there, one that may not is what the refusal is about.
    route = choose(allowed, facts, unwell=unwell) or choose(routes, facts, unwell=unwell)
    if route is None:
        raise NoRoute(
            f"{why_none(routes, facts)} Add a route to the channel configuration {channel.name}, or change a "
            "condition, under Routes in the admin.",
            param="to",
        )
    return route
