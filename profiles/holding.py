"""Whose number is whose: two tables hold numbers, so who gives one away locks out others who do the same."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from core import prepared
from profiles.models import OtherNumber, Profile

_LOCK = 0x70726F66696C65  # "profile"


def hold_numbers() -> None:
    """Until the transaction ends nobody else gives numbers or external IDs to profiles; take it before any row.

    A unique index holds for one table only. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def owners_of(numbers: Collection[str]) -> dict[str, UUID]:
    """The id of the profile by number (E.164), whether it is the preferred one or another."""
    return {msisdn: as_uuid(owner) for msisdn, owner in _asked(_BY_NUMBER, numbers, times=2)}


def named(external_ids: Collection[str]) -> list[UUID]:
    """The ids of the profiles with these external IDs."""
    return [as_uuid(owner) for (owner,) in _asked(_BY_EXTERNAL_ID, external_ids, times=1)]


def as_uuid(value: Any) -> UUID:
    """A UUID as a plain statement gives it on either engine."""
    return value if isinstance(value, UUID) else UUID(hex=value)


def among(values: Collection[str] | Collection[UUID]) -> tuple[str, Any]:
    """What follows a column in a condition, and its one value: a statement reads the same for any number of them."""
    wanted = list(dict.fromkeys(values))
    if connection.vendor == "postgresql":
        return "= ANY(%s)", wanted
    return "IN (SELECT value FROM json_each(%s))", json.dumps(wanted, default=lambda one: one.hex)


def _asked(sql: str, values: Collection[str], *, times: int) -> list[tuple[Any, ...]]:
    if not values:
        return []
    condition, value = among(values)
    return prepared.execute(sql.format(among=condition), [value] * times)[0]


_BY_NUMBER = f"""
    SELECT msisdn, id FROM {Profile._meta.db_table} WHERE msisdn {{among}}
    UNION ALL SELECT msisdn, profile_id FROM {OtherNumber._meta.db_table} WHERE msisdn {{among}}
"""
# The second condition is that of the index: without it no planner proves that a long list has no blank.
_BY_EXTERNAL_ID = (
    f"SELECT id FROM {Profile._meta.db_table} WHERE external_id {{among}} AND NOT (external_id = '')"
)
