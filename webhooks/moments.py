"""Providers' ways to write a point in time. Pure: no Django, no models."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d{9,19}(\.\d{1,9})?")
# Digits before the point -> what one unit of the number is, in seconds.
_UNITS = ((11, 1.0), (14, 1e-3), (17, 1e-6), (20, 1e-9))
_YEARS = range(2000, 2101)


def read_moment(text: str) -> datetime | None:
    """ISO 8601, RFC 2822 or Unix time in s, ms, µs or ns as an aware UTC datetime; None if none of these.

    A time without a zone is taken as UTC.
    """
    text = text.strip()[:64]
    try:
        moment = _unix(text) if _NUMBER.fullmatch(text) else _written(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
    return moment if moment.year in _YEARS else None


def _unix(text: str) -> datetime:
    digits = len(text.partition(".")[0])
    unit = next(unit for longest, unit in _UNITS if digits <= longest)
    return datetime.fromtimestamp(float(text) * unit, tz=UTC)


def _written(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)
