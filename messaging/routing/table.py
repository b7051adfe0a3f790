"""The routes of each channel, remembered for a second: accepting a message costs no query."""

from __future__ import annotations

import uuid

from core.brief import BriefMemory
from credentials.loading import listed
from messaging.models import Route
from messaging.routing.choosing import RouteRow


def routes_of(channel_id: uuid.UUID) -> tuple[RouteRow, ...]:
    """The channel's routes in their order, those that are switched off among them; () when it has none."""
    return _routes.get(channel_id) or ()


def forget() -> None:
    """Look routes up again; called after every change made in this process."""
    _routes.forget()


def row_of(route: Route) -> RouteRow:
    """A stored route as the chooser takes it."""
    return RouteRow(
        name=route.name,
        credential=route.credential,
        senders=listed(route.senders, ",") or (route.channel.sender,),
        countries=frozenset(listed(route.countries, ",")),
        prefixes=listed(route.prefixes, ","),
        purposes=frozenset(listed(route.purposes, ",")),
        active=route.active,
        position=route.position,
        weight=route.weight,
    )


def load(channel_id: uuid.UUID) -> tuple[RouteRow, ...]:
    """The same, asked of the database now."""
    stored = Route.objects.filter(channel_id=channel_id).select_related("credential", "channel")
    return tuple(row_of(route) for route in stored.order_by("position", "id"))


_routes: BriefMemory[uuid.UUID, tuple[RouteRow, ...]] = BriefMemory(load)
