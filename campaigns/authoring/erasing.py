"""Forgetting a number among staff numbers."""

from __future__ import annotations

from campaigns.models import StaffNumber


def erase_number(msisdn: str) -> int:
    """Delete the staff entry of a number (E.164); gives how many there were."""
    return StaffNumber.objects.filter(msisdn=msisdn).delete()[0]
