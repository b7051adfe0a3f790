"""The values of a filter's conditions, read one kind at a time. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from campaigns.audiences.fields import PURPOSES, Takes
from core.text_lists import unknown_countries, words_of

LONGEST = 200
MOST_VALUES = 500
MOST_DAYS = 3650


class ValueWrong(Exception):
    """A value is not of the kind that its operator takes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _nothing(given: Any) -> None:
    """What stands there is not asked for."""


def _text(given: Any) -> Any:
    """A text; numbers and truth values of attributes stay what they are."""
    if isinstance(given, bool | int) or (isinstance(given, float) and math.isfinite(given)):
        return given
    if not isinstance(given, str) or not given.strip():
        raise ValueWrong("The value is missing.")
    if len(given) > LONGEST or "\x00" in given:
        raise ValueWrong(f"A value has at most {LONGEST} characters, and no NUL among them.")
    return given.strip()


def _texts(given: Any) -> tuple[Any, ...]:
    """A list, or a text with commas."""
    items = [item for item in given.split(",") if item.strip()] if isinstance(given, str) else given
    if not isinstance(items, list) or not items:
        raise ValueWrong("List one or more values, with commas between them.")
    if len(items) > MOST_VALUES:
        raise ValueWrong(
            f"There are {len(items):,} values; at most {MOST_VALUES} can be listed. Use a static list."
        )
    return tuple(dict.fromkeys(_text(item) for item in items))


def _number(given: Any) -> float | int:
    try:
        number = float(given) if not isinstance(given, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueWrong("Write a number such as 30 or 12.5.")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _date(given: Any) -> date:
    try:
        if not isinstance(given, str) or len(given) != len("2026-05-01"):
            raise ValueError
        return date.fromisoformat(given)
    except ValueError as error:
        raise ValueWrong("Write a date such as 2026-05-01.") from error


def _days(given: Any) -> int:
    number = given if isinstance(given, int | float | str) else ""
    try:
        days = int(number) if not isinstance(given, bool) else 0
    except ValueError:
        days = 0
    if not 1 <= days <= MOST_DAYS:
        raise ValueWrong(f"Write a number of days from 1 to {MOST_DAYS:,}.")
    return days


READERS: dict[Takes, Callable[[Any], Any]] = {
    Takes.NOTHING: _nothing,
    Takes.TEXT: _text,
    Takes.TEXTS: _texts,
    Takes.NUMBER: _number,
    Takes.DATE: _date,
    Takes.DAYS: _days,
}


def read_country(value: Any) -> Any:
    """A country code or several, in capitals."""
    codes = value if isinstance(value, tuple) else (value,)
    read = [code for item in codes for code in words_of(str(item).upper())]
    unknown = unknown_countries(read)
    if unknown:
        raise ValueWrong(f"“{unknown[0]}” is no country code. Write two letters such as DE, US or GB.")
    return tuple(read) if isinstance(value, tuple) else read[0]


def read_option(name: str, given: Any) -> Any:
    """An option of a condition: days, a purpose, or the id of a row (as text)."""
    if name == "days":
        return _days(given)
    if name == "purpose":
        if given not in PURPOSES:
            raise ValueWrong(f"The purpose is one of: {', '.join(PURPOSES)}.")
        return given
    try:
        return str(UUID(str(given)))
    except ValueError as error:
        raise ValueWrong("Here stands an id, as its own page or the API gives it.") from error
