"""Saved filters as data. Ids differ from gateway to gateway, so channels, campaigns and links stand there by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from campaigns.forms.audiences import AudienceForm
from campaigns.models import Audience, AudienceKind, Campaign
from core.errors import ConfigurationInvalid
from links.models import LinkTarget
from messaging.models import ChannelConfiguration
from operations.configuration.checked import insist

AUDIENCE_KEYS: Final = ("description", "filter")
_OWNERS: Final[Mapping[str, Any]] = {"channel": ChannelConfiguration, "campaign": Campaign}
_MODELS: Final[Mapping[str, Any]] = {**_OWNERS, "link": LinkTarget}
_WORDS: Final = {"channel": "channel configuration", "campaign": "campaign"}


def audience_values(row: Audience) -> dict[str, Any]:
    """What the file of a saved filter says."""
    return {"description": row.description, "filter": _each(row.filter, _named)}


def usual_audience(values: Mapping[str, Any]) -> dict[str, Any]:
    """A file as it would be exported: a date of TOML is the text that a filter has."""
    return {name: _plain(value) for name, value in values.items()}


def audience_problem(values: Mapping[str, Any]) -> str:
    """Why a file cannot be one of an audience; blank: it can. Without its filter it would be everybody by accident."""
    is_there = isinstance(values.get("filter"), dict)
    return (
        ""
        if is_there
        else "filter: this table is missing. For all profiles write [filter] and nothing below it."
    )


def apply_audience(name: str, values: Mapping[str, Any]) -> Audience:
    """Make or change the saved filter of that name."""
    stored = Audience.objects.filter(name=name).first()
    if stored is not None and stored.kind == AudienceKind.STATIC:
        raise ConfigurationInvalid(
            f"name: {name!r} is a list of people here, and a list has no filter. Rename one of the two."
        )
    filter_ = _each(values["filter"], _identified)
    posted = {"name": name, "description": values.get("description", ""), "kind": AudienceKind.FILTER}
    form = AudienceForm({**posted, "filter": json.dumps(filter_)}, instance=stored)
    insist(form)
    audience: Audience = form.save()
    return audience


def _each(value: Any, change: Callable[[str, Any], Any]) -> Any:
    """The filter with what names another record changed; keys without a value are left out: TOML has no null."""
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: change(key, item) if key in _MODELS and "field" in value else _each(item, change)
        for key, item in value.items()
        if item is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def _named(key: str, stored: Any) -> Any:
    """The name of a record, a link as {address, channel or campaign}; what is gone keeps its id."""
    row = _MODELS[key].objects.filter(pk=stored).first() if _is_id(stored) else None
    if row is None:
        return stored
    return _link(row) if key == "link" else row.name


def _link(row: LinkTarget) -> Any:
    kind, _, key = row.owner.partition(":")
    owner = _OWNERS[kind].objects.filter(pk=key).first() if kind in _OWNERS and _is_id(key) else None
    return {"address": row.written, kind: owner.name} if owner else str(row.pk)


def _identified(key: str, named: Any) -> str:
    row = _link_named(named) if key == "link" else _OWNERS[key].objects.filter(name=str(named)).first()
    if row is None:
        what = "tracked link" if key == "link" else f"{_WORDS[key]} named"
        raise ConfigurationInvalid(f"filter: {key}: there is no {what} {named!r} on this gateway.")
    return str(row.pk)


def _link_named(named: Any) -> LinkTarget | None:
    kind = next((kind for kind in _OWNERS if isinstance(named, dict) and kind in named), "")
    if not kind or set(named) != {"address", kind}:
        raise ConfigurationInvalid(
            'filter: link: write {address = "…", campaign = "…"}, or channel, as an export does.'
        )
    owner = _OWNERS[kind].objects.filter(name=str(named[kind])).first()
    return LinkTarget.objects.filter(
        owner=f"{kind}:{owner.pk if owner else ''}", written=str(named["address"])
    ).first()


def _is_id(text: Any) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
