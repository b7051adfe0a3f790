"""Reading profiles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from profiles.models import Profile


def attributes_for(msisdns: Collection[str]) -> dict[str, dict[str, Any]]:
    """Attributes by number (E.164) for those that have a profile, in one query."""
    if not msisdns:
        return {}
    return dict(Profile.objects.filter(msisdn__in=set(msisdns)).values_list("msisdn", "attributes"))


def time_zones_for(msisdns: Collection[str]) -> dict[str, str]:
    """Time zone by number (E.164) for those whose profile names one, in one query."""
    if not msisdns:
        return {}
    named = Profile.objects.filter(msisdn__in=set(msisdns)).exclude(time_zone="")
    return dict(named.values_list("msisdn", "time_zone"))
