"""How many SMS a text needs: GSM 03.38 septets or UCS-2 units, packed as a phone packs them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a character: 2 septets, never split over two parts
_GSM7 = _BASIC | _EXTENSION
_HIGHEST_SINGLE_UNIT = "\uffff"


class Encoding(StrEnum):
    """How the text travels."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True)
class Segmentation:
    """Encoding, units in all (septets or UTF-16 units) and units in each part."""

    encoding: Encoding
    units: int
    part_units: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of SMS."""
        return len(self.part_units)


# encoding -> (units of a lone message, units of each part of a longer one, which carries a 6-octet header)
LIMITS: dict[Encoding, tuple[int, int]] = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@lru_cache(
    maxsize=1_024
)  # a text is asked about when it is accepted, answered for and sent; many go to thousands
def segment(text: str) -> Segmentation:
    """Split a text into SMS; an escape pair or surrogate pair is never split. An empty text has no parts."""
    if _GSM7.issuperset(text):
        pairs = _EXTENSION
        encoding = Encoding.GSM7
        has_pairs = not _EXTENSION.isdisjoint(text)
    else:
        pairs = frozenset()
        encoding = Encoding.UCS2
        has_pairs = max(text) > _HIGHEST_SINGLE_UNIT
    if not has_pairs:
        return Segmentation(encoding, len(text), _even(len(text), encoding))
    widths = [2 if character in pairs or character > _HIGHEST_SINGLE_UNIT else 1 for character in text]
    units = sum(widths)
    single, _ = LIMITS[encoding]
    return Segmentation(encoding, units, (units,) if units <= single else _packed(widths, encoding))


def unicode_culprits(text: str) -> list[str]:
    """The characters, each once and in order, that make the text UCS-2; empty for GSM-7."""
    return [character for character in dict.fromkeys(text) if character not in _GSM7]


def _even(units: int, encoding: Encoding) -> tuple[int, ...]:
    single, part = LIMITS[encoding]
    if units <= single:
        return (units,) if units else ()
    full, rest = divmod(units, part)
    return (part,) * full + ((rest,) if rest else ())


def _packed(widths: list[int], encoding: Encoding) -> tuple[int, ...]:
    _, room = LIMITS[encoding]
    parts: list[int] = []
    used = 0
    for width in widths:
        if used + width > room:
            parts.append(used)
            used = 0
        used += width
    return (*parts, used)
