"""Reading profiles."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from core import prepared
from core.errors import ProfileUnknown
from core.text import clean
from profiles.holding import among, named, owners_of
from profiles.models import OtherNumber, Profile

_PROFILES, _OTHERS = Profile._meta.db_table, OtherNumber._meta.db_table
_BY_ANY_NUMBER = """
    SELECT p.msisdn, p.{column} FROM {profiles} p WHERE p.msisdn {among}
    UNION ALL
    SELECT n.msisdn, p.{column} FROM {others} n JOIN {profiles} p ON p.id = n.profile_id WHERE n.msisdn {among}
"""


def attributes_for(msisdns: Collection[str]) -> dict[str, dict[str, Any]]:
    """Attributes by number (E.164), preferred or other, for those that have a profile, in one query."""
    return {msisdn: json.loads(text) for msisdn, text in _by_any_number("attributes", msisdns)}


def time_zones_for(msisdns: Collection[str]) -> dict[str, str]:
    """Time zone by number (E.164), preferred or other, for those whose profile names one, in one query."""
    return {msisdn: zone for msisdn, zone in _by_any_number("time_zone", msisdns) if zone}


def profile_of(*, number: str = "", external_id: str = "") -> Profile:
    """The profile by any of its numbers (E.164) or by its external ID; ProfileUnknown when there is none."""
    known = clean(external_id)  # no id has what no database takes
    ids = [*owners_of([number]).values()] if number else named([known] if known == external_id else [])
    profile = Profile.objects.filter(id__in=ids).first() if ids else None
    if profile is None:
        raise ProfileUnknown(
            "No profile has this number." if number else "No profile has this external ID.",
            param="number" if number else "external_id",
        )
    return profile


def _by_any_number(column: str, msisdns: Collection[str]) -> list[tuple[Any, ...]]:
    if not msisdns:
        return []
    condition, value = among(msisdns)
    sql = _BY_ANY_NUMBER.format(column=column, profiles=_PROFILES, others=_OTHERS, among=condition)
    return prepared.execute(sql, [value, value])[0]
