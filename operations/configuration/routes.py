"""The routes of a channel as data: part of the channel's file, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError

from core.errors import ConfigurationInvalid
from core.text_lists import words_of
from credentials import storing
from credentials.models import ApiCredential
from messaging import channels
from messaging.models import ChannelConfiguration, Route
from messaging.routing.forms import RouteForm

ROUTE_KEYS: Final = ("name", "credential", "senders", "countries", "prefixes", "purposes", "weight", "active")


def tables_of(channel: ChannelConfiguration) -> list[dict[str, Any]]:
    """What the file says about each route."""
    return [
        {
            **{name: value for name in ROUTE_KEYS if (value := getattr(route, name)) is not None},
            "credential": route.credential.name,
            "purposes": words_of(route.purposes),
        }
        for route in channel.routes.select_related("credential").order_by("position", "id")
    ]


def apply_routes(channel: ChannelConfiguration, tables: Any) -> None:
    """Make the channel's routes be those of the file: others are deleted, their order is that of the file."""
    checked = _checked(tables)
    channel.routes.exclude(name__in=[table["name"] for table in checked]).delete()
    stored = {route.name: route for route in channel.routes.all()}
    for position, table in enumerate(checked, start=1):
        _store(channel, table, position, stored.get(table["name"]))
    channels.forget()


def _checked(tables: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationInvalid("routes: write each as a table, [[routes]].")
    for table in tables:
        for key in table:
            if key not in ROUTE_KEYS:
                raise ConfigurationInvalid(f"routes: there is no key {key}. Known: {', '.join(ROUTE_KEYS)}.")
    names = [table.get("name", "") for table in tables]
    if len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
        raise ConfigurationInvalid("routes: give each a name of its own.")
    return tables


def _store(
    channel: ChannelConfiguration, table: Mapping[str, Any], position: int, stored: Route | None
) -> None:
    name = table.get("credential", "")
    credential = ApiCredential.objects.filter(name=name).first()
    if credential is None:
        raise ConfigurationInvalid(f"routes: there are no API credentials named {name!r}.")
    posted = {**table, "channel": channel.pk, "credential": credential.pk, "position": position}
    form = RouteForm({**posted, "active": "on" if table.get("active", True) else ""}, instance=stored)
    if not form.is_valid():
        told = ValidationError({key or "__all__": texts for key, texts in form.errors.items()})
        raise ConfigurationInvalid(f"routes, {table['name']}: {' '.join(storing.told(told))}")
    form.save()
