"""Whose number it is: providers write numbers with and without + and country code."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import NumberInvalid
from core.numbers import parse_number
from messaging.models import Message


def person_of(number: str, *, country: str) -> str:
    """The E.164 number of the person who wrote; raises NumberInvalid.

    Digits alone can be read with and without a country code. If both readings are numbers, the one we have
    written to counts, else the international one: that is what providers document.
    """
    digits = number.strip().casefold().removeprefix("tel:").strip()
    if not digits.isdigit() or digits.startswith("00"):
        return parse_number(digits, default_country=country)
    readings = list(dict.fromkeys(_readings(digits, country)))
    if not readings:
        return parse_number(digits, default_country=country)
    if len(readings) == 1:
        return readings[0]
    known = set(Message.objects.filter(msisdn__in=readings).values_list("msisdn", flat=True)[:2])
    return next((reading for reading in readings if {reading} == known), readings[0])


def _readings(digits: str, country: str) -> Iterable[str]:
    for text, default in ((f"+{digits}", ""), (digits, country)):
        try:
            yield parse_number(text, default_country=default)
        except NumberInvalid:
            continue
