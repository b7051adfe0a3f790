"""A submission gets the credential and the sender of the first route that fits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import NoRoute
from core.numbers import country_or_main
from messaging.models import Source
from messaging.routing.choosing import Facts, choose, sender_for, why_none
from messaging.routing.health import unwell_of
from messaging.routing.table import routes_of

if TYPE_CHECKING:
    from messaging.accept import Submission


def routed(submission: Submission, msisdn: str) -> Submission:
    """The submission with what its route says; as it is where its channel has no routes, or it answers somebody.

    NoRoute says for each route why it does not fit.
    """
    channel = submission.channel
    if channel is None or submission.source == Source.REPLY:
        return submission
    routes = routes_of(channel.pk)
    if not routes:
        return submission
    facts = Facts(msisdn, country_or_main(msisdn), submission.purpose.value)
    route = choose(routes, facts, unwell=unwell_of(routes))
    if route is None:
        raise NoRoute(
            f"{why_none(routes, facts)} Add a route to the channel configuration {channel.name}, or change a "
            "condition, under Routes in the admin.",
            param="to",
        )
    sender = sender_for(route.senders, msisdn)
    return replace(submission, credential=route.credential, sender=sender, route=route.name)
