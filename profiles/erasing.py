"""Forgetting a number among the profiles."""

from __future__ import annotations

from profiles.models import Profile


def erase_number(msisdn: str) -> int:
    """Delete the profile of a number (E.164); gives how many there were."""
    return Profile.objects.filter(msisdn=msisdn).delete()[0]
