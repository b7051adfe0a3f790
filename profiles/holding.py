"""Whose number is whose: two tables hold numbers, so who gives one away locks out others who do the same."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connection

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
    if not numbers:
        return {}
    others = OtherNumber.objects.filter(msisdn__in=numbers).order_by().values_list("msisdn", "profile_id")
    preferred = Profile.objects.filter(msisdn__in=numbers).order_by().values_list("msisdn", "id")
    return dict(others) | dict(preferred)
