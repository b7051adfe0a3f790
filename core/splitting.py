"""Texts made fit for providers: typographic characters replaced, long texts cut at words. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from core.segments import Encoding, segment

# Characters word processors put in -> what GSM 03.38 has for them (names: Unicode, General Punctuation).
TYPOGRAPHIC: Final = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "´": "'", "ʼ": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "⁃": "-",
    "…": "...", "•": "*", "·": ".", "‣": "*", "⁄": "/", "×": "x", "™": "(TM)", "®": "(R)", "©": "(C)",
    "\u00a0": " ", "\u2000": " ", "\u2001": " ", "\u2002": " ", "\u2003": " ", "\u2004": " ", "\u2005": " ",
    "\u2006": " ", "\u2007": " ", "\u2008": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ", "\u205f": " ",
    "\u3000": " ", "\t": " ", "\u2028": "\n", "\u2029": "\n",
    "\u00ad": "", "\u200b": "", "\u2060": "", "\ufeff": "",
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl",
}  # fmt: skip
_TABLE: Final = str.maketrans(TYPOGRAPHIC)
# Parts of one message: more of them is a mistake in the credential's limit, or a text that is no SMS.
MOST_PARTS: Final = 100
_JOINER: Final = "\u200d"
_LOOK_BACK: Final = 16  # characters: longer clusters of marks and joiners are cut where they are


def replace_typographic(text: str) -> str:
    """The text with plain quotes, dashes, blanks and the like."""
    return text.translate(_TABLE)


def smart(text: str) -> str:
    """The replaced text where that makes it GSM-7, else the text as it was."""
    if not text or segment(text).encoding == Encoding.GSM7:
        return text
    plain = replace_typographic(text)
    return plain if plain.strip() and segment(plain).encoding == Encoding.GSM7 else text


def split(text: str, max_length: int | None) -> list[str]:
    """Parts of at most `max_length` characters, cut at the last blank that fits and trimmed; None: one part.

    A word that is longer by itself is cut hard, not inside an emoji or before a combining mark where avoidable.
    """
    if not max_length or len(text) <= max_length:
        return [text]
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > max_length:
        end = _last_blank(rest, max_length)
        part = rest[:end].rstrip()
        if not part:
            end = _hard_cut(rest, max_length)
            part = rest[:end]
        parts.append(part)
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts or [text[:max_length]]


def _last_blank(text: str, limit: int) -> int:
    """The index of the last blank of text[: limit + 1]; 0 when there is none."""
    return next((index for index in range(limit, 0, -1) if text[index].isspace()), 0)


def _hard_cut(text: str, limit: int) -> int:
    for index in range(limit, max(limit - _LOOK_BACK, 0), -1):
        if not _belongs_together(text[index - 1], text[index]):
            return index
    return limit


def _belongs_together(before: str, after: str) -> bool:
    return (
        _JOINER in (before, after)
        or bool(unicodedata.combining(after))
        or unicodedata.category(after) == "Mn"
    )
