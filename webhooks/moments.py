"""Providers' ways to write a point in time. Pure: no Django, no models."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import MappingInvalid

_NUMBER: Final = re.compile(r"\d{9,19}(\.\d{1,9})?")
# Digits before the point -> what one unit of the number is, in seconds.
_UNITS: Final = ((11, 1.0), (14, 1e-3), (17, 1e-6), (20, 1e-9))
_YEARS: Final = range(2000, 2101)
_UNREADABLE: Final = (ValueError, OverflowError, OSError, TypeError, IndexError)


def read_moment(text: str) -> datetime | None:
    """ISO 8601, RFC 2822 or Unix time in s, ms, µs or ns as an aware UTC datetime; None if none of these.

    A time without a zone is taken as UTC.
    """
    text = text.strip()[:64]
    return _first((_unix if _NUMBER.fullmatch(text) else _written,), text, UTC)


def moment_reader(formats: Sequence[str], *, zone: str = "UTC") -> Callable[[str], datetime | None]:
    """Reads times by these formats only, in order: iso, epoch, epoch_ms, rfc2822 or strptime patterns.

    `zone` (IANA name) is for times that name none. MappingInvalid when a format or the zone does not exist.
    """
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MappingInvalid(f"There is no time zone {zone!r}. Write one like Asia/Kuala_Lumpur.") from error
    readers = tuple(_reader(text) for text in formats)
    return lambda text: _first(readers, text.strip()[:64], tz)


def _first(readers: Sequence[Callable[[str], datetime]], text: str, zone: tzinfo) -> datetime | None:
    for read in readers:
        try:
            moment = read(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        except _UNREADABLE:
            continue
        if moment.year in _YEARS:
            return moment
    return None


def _reader(form: str) -> Callable[[str], datetime]:
    known = _FORMATS.get(form)
    if known is not None:
        return known
    if "%" not in form:
        raise MappingInvalid(
            f"{form!r} is no time format. Write {', '.join(_FORMATS)} or a pattern such as %Y-%m-%d %H:%M:%S."
        )
    try:
        datetime.strptime("", form)  # noqa: DTZ007 - the zone is put in by whoever asks
    except ValueError as error:
        if "does not match" not in str(error):
            raise MappingInvalid(f"{form!r} is no time format: {error}.") from error
    return lambda text: datetime.strptime(text, form)  # noqa: DTZ007


def _unix(text: str) -> datetime:
    digits = len(text.partition(".")[0])
    unit = next(unit for longest, unit in _UNITS if digits <= longest)
    return datetime.fromtimestamp(float(text) * unit, tz=UTC)


def _written(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


_FORMATS: Final[dict[str, Callable[[str], datetime]]] = {
    "iso": datetime.fromisoformat,
    "epoch": lambda text: datetime.fromtimestamp(float(text), tz=UTC),
    "epoch_ms": lambda text: datetime.fromtimestamp(float(text) / 1000, tz=UTC),
    "rfc2822": parsedate_to_datetime,
}
