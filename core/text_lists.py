"""Lists that people type with commas, kept in one form."""

from __future__ import annotations

import re
from collections.abc import Iterable

import phonenumbers

_SEPARATORS = re.compile(r"[,;\s]+")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


def words_of(text: str) -> list[str]:
    """The words between commas, semicolons or blanks, each once, in their order."""
    return list(dict.fromkeys(word for word in _SEPARATORS.split(text) if word))


def joined(words: Iterable[str]) -> str:
    """How a list is stored and shown: "DE, AT"."""
    return ", ".join(words)


def unknown_countries(codes: Iterable[str]) -> list[str]:
    """Those that are no country of the numbering plans ("UK" is none: it is GB)."""
    return [code for code in codes if code not in phonenumbers.SUPPORTED_REGIONS]


def unreadable_prefixes(words: Iterable[str]) -> list[str]:
    """Those that are no beginning of a number with + and country code."""
    return [word for word in words if not _PREFIX.fullmatch(word)]
