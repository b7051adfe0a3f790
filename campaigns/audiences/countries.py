"""The numbers of a country as a condition on their digits: no profile stores its country.

A calling code belongs to one country, or to a few of which the first is the main one; those are told apart by leading
digits or by their number patterns, in that order, as the numbering plans of `phonenumbers` have them.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        return under_code & _told_apart((country,), main, code)
    return under_code & ~_told_apart(tuple(others), main, code) if others else under_code


def _told_apart(countries: tuple[str, ...], main: str, code: int) -> Q:
    """What makes a number one of countries that are not the main one of their calling code; a pattern for each kind."""
    leading = [digits for country in countries if (digits := _metadata(country).leading_digits)]
    by_pattern = [country for country in countries if not _metadata(country).leading_digits]
    found = Q(msisdn__regex=rf"^\+{code}(?:{'|'.join(leading)})") if leading else Q(pk__in=[])
    if by_pattern:
        theirs = Q(msisdn__regex=_pattern(by_pattern, code))
        found |= theirs & ~Q(msisdn__regex=_pattern([main], code))
    return found


def _pattern(countries: Sequence[str], code: int) -> str:
    kinds = (getattr(_metadata(country), kind) for country in countries for kind in _KINDS)
    patterns = (kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return rf"^\+{code}(?:{'|'.join(dict.fromkeys(patterns))})$"


def _metadata(country: str) -> Any:
    return PhoneMetadata.metadata_for_region(country)
