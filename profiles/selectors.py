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
