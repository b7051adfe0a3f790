"""A filter while it is written: what is wrong with it, what it says, how many it finds, and a few of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.audiences.checking import Problem, look_at, unknown_attributes
from campaigns.audiences.counting import Count, count_of, within
from campaigns.audiences.describing import describe_node
from campaigns.audiences.fields import ATTRIBUTE, ATTRIBUTES, FIELDS, OPERATORS, OPTIONS, PURPOSES, Field
from campaigns.audiences.naming import Names
from campaigns.audiences.querying import as_query
from campaigns.audiences.tree import Node, conditions_of
from core.numbers import mask_number
from profiles.models import Profile
from profiles.seen import leaves, seen_attributes, seen_names

_SAMPLE = 5
_MOST_SHOWN = 3
_LONGEST = 30


@dataclass(frozen=True)
class Person:
    """A member as a preview shows them: masked number, external id, and what the filter asks about."""

    number: str
    external_id: str
    about: str


@dataclass(frozen=True)
class Preview:
    """What the page shows beside the filter; no count while something is wrong."""

    problems: tuple[Problem, ...]
    words: str = ""
    count: Count | None = None
    sample: tuple[Person, ...] = ()


def preview_of(source: str) -> Preview:
    """The preview of a filter as it stands in the form: JSON text, blank for all profiles."""
    try:
        filter_ = json.loads(source) if source.strip() else {}
    except (json.JSONDecodeError, RecursionError) as error:
        return Preview((Problem("", _not_json(error)),))
    node, problems = look_at(filter_)
    if problems:
        return Preview(tuple(problems))
    warnings = unknown_attributes(node, seen_names())
    rows = Profile.objects.filter(as_query(node))
    found = within(0.7, lambda: list(rows.order_by("-id")[:_SAMPLE])) or []
    return Preview(
        tuple(warnings),
        words=describe_node(node, Names()),
        count=count_of(rows),
        sample=tuple(person_of(profile, node) for profile in found),
    )


def person_of(profile: Profile, node: Node) -> Person:
    """What is shown of a member: first the attributes that the filter asks about."""
    asked = [".".join(condition.path) for condition in conditions_of(node) if condition.path]
    held: dict[str, list[str]] = {}
    for name, value in leaves(profile.attributes):
        held.setdefault(name, []).append(value)
    names = dict.fromkeys([*(name for name in asked if name in held), *held])
    shown = [f"{name}: {_short(', '.join(held[name]))}" for name in list(names)[:_MOST_SHOWN]]
    return Person(mask_number(profile.msisdn), profile.external_id, " · ".join(shown))


def vocabulary() -> dict[str, Any]:
    """Everything a builder of filters offers, as JSON."""
    names = Names()
    seen = [attribute for attribute in seen_attributes() if attribute.kind != "map"]
    by_name = sorted(seen, key=lambda attribute: attribute.path.casefold())
    return {
        "fields": {ATTRIBUTES: _field(ATTRIBUTE), **{key: _field(about) for key, about in FIELDS.items()}},
        "operators": {key: {"label": op.label, "takes": op.takes} for key, op in OPERATORS.items()},
        "options": OPTIONS,
        "attributes": [{"name": one.path, "values": list(one.values)} for one in by_name],
        "rows": {
            "channel": _choices(names.channels),
            "campaign": _choices(names.campaigns),
            "link": _choices(names.links),
            "purpose": _choices(PURPOSES),
        },
    }


def _field(about: Field) -> dict[str, Any]:
    return {
        "label": about.label,
        "operators": list(about.operators),
        "choices": _choices(about.choices),
        "options": list(about.options),
    }


def _choices(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in names.items()]


def _not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
    return "The JSON is nested too deep."


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
