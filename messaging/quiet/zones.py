"""The time zones a number may be in, by its numbering plan."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers

_UNKNOWN = "Etc/Unknown"


@lru_cache(maxsize=16_384)
def zones_of(msisdn: str) -> tuple[str, ...]:
    """Zones of an E.164 number: those of its area, else of its country; () when the plan tells none."""
    from phonenumbers import timezone  # large tables, loaded on first use

    try:
        number = phonenumbers.parse(msisdn, None)
    except phonenumbers.NumberParseException:
        return ()
    # A mobile number of a country without areas may be in any of its zones; one that does not exist (yet) is looked up
    # by its first digits alone.
    for look in (timezone.time_zones_for_number, timezone.time_zones_for_geographical_number):
        if known := tuple(zone for zone in look(number) if _exists(zone)):
            return known
    return ()


def _exists(zone: str) -> bool:
    if zone == _UNKNOWN:
        return False
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True
