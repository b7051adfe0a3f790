"""The numbers of a country as a condition on their digits: no profile stores its country.

A calling code belongs to one country, or to a few of which the first is the main one; those are told apart by leading
digits or by their number patterns, in that order, as the numbering plans of `phonenumbers` have them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import phonenumbers
from django.db.models import Q
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip


def numbers_of(countries: tuple[str, ...]) -> Q:
    """Rows whose `msisdn` belongs to one of the countries (ISO codes that the numbering plans know)."""
    found = Q(pk__in=[])
    for country in countries:
        found |= _numbers_of(country)
    return found


@lru_cache(maxsize=512)
def _numbers_of(country: str) -> Q:
    code = phonenumbers.country_code_for_region(country)
    main, *others = COUNTRY_CODE_TO_REGION_CODE[code]
    under_code = Q(msisdn__startswith=f"+{code}")
    if country != main:
        return under_code & _told_apart(country, main, code)
    for other in others:
        under_code &= ~_told_apart(other, main, code)
    return under_code


def _told_apart(country: str, main: str, code: int) -> Q:
    """What makes a number one of a country that is not the main one of its calling code."""
    leading = _metadata(country).leading_digits
    if leading:
        return Q(msisdn__regex=rf"^\+{code}(?:{leading})")
    return Q(msisdn__regex=_pattern(country, code)) & ~Q(msisdn__regex=_pattern(main, code))


def _pattern(country: str, code: int) -> str:
    kinds = (getattr(_metadata(country), kind) for kind in _KINDS)
    patterns = (kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return rf"^\+{code}(?:{'|'.join(dict.fromkeys(patterns))})$"


def _metadata(country: str) -> Any:
    return PhoneMetadata.metadata_for_region(country)
