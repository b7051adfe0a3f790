"""Forgetting a number among the profiles."""

from __future__ import annotations

from profiles.holding import owners_of
from profiles.models import Profile


def erase_number(msisdn: str) -> int:
    """Delete the profile that has a number (E.164), preferred or other, whole; gives how many there were."""
    owners = set(owners_of([msisdn]).values())
    return len(owners) if owners and Profile.objects.filter(pk__in=owners).delete() else 0
