"""One plain form for texts that a reader would call the same. Pure: no Django, no models."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_ASCII_BREAKS = re.compile(r"[^a-z0-9]+")
_TABLE_LIMIT = 20_000  # characters remembered per table; a hostile text cannot fill the memory

# Marks on Latin, Greek and Cyrillic, variation selectors, Arabic vowels; Indic marks are letters and stay.
_DROPPED_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u064b-\u065f\u0670\U000e0100-\U000e01ef]"
)
_TATWEEL = "\u0640"  # only stretches a word
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0")  # letters by category, blank on the screen
_PLAIN_LETTERS = dict(zip("ıøđðłħŧþ", "iodđlhtþ", strict=True)) | {"æ": "ae", "œ": "oe", "ð": "d"}


def _drawn_like(latin: str, *alphabets: str) -> dict[str, str]:
    pairs = (zip(latin, alphabet, strict=True) for alphabet in alphabets)
    return {other: plain for pair in pairs for plain, other in pair if other != "-"}


# Capitals and small letters apart: a capital Nu looks like N, a small one like v.
_LOOK_ALIKES: dict[str, str] = (
    _drawn_like(
        "abcdefghijklmnopqrstuvwxyz",
        "АВС-Е--НІЈК-М-ОР--ЅТ-ѴԜХҮ-",  # Cyrillic capitals
        "авсԁе--һіјк-мпорԛгѕтиѵԝху-",  # Cyrillic small letters
        "ΑΒϹ-Ε--ΗΙͿΚ-ΜΝΟΡ---Τ---ΧΥΖ",  # Greek capitals
        "α-ϲ-ε---ιϳκ--ηορ---τυν-χγ-",  # Greek small letters
        "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ-ʏᴢ",  # Latin small capitals
        "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑ-ꓣꓢꓔꓴꓦꓪꓫꓬꓜ",  # Lisu
    )
    | {"У": "y", "н": "h", "Ѕ": "s", "ƽ": "s"}
    | {chr(0x1F150 + n): chr(97 + n) for n in range(26)}  # white letters on black discs
    | {chr(0x1F170 + n): chr(97 + n) for n in range(26)}  # white letters on black squares
)


class _Table(dict[int, str]):
    """Translation table that works a character out when it is first met."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        super().__init__()
        self._fold = fold

    def __missing__(self, code: int) -> str:
        folded = self._fold(chr(code))
        if len(self) < _TABLE_LIMIT:
            self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" or character == _TATWEEL or _DROPPED_MARKS.match(character):
        return ""
    if character in _BLANKS or category[0] not in "LMN":
        return " "
    bare = _DROPPED_MARKS.sub("", unicodedata.normalize("NFD", character.casefold()))
    return unicodedata.normalize("NFC", "".join(_PLAIN_LETTERS.get(letter, letter) for letter in bare))


def _fold_look_alike(character: str) -> str:
    bare = _DROPPED_MARKS.sub("", unicodedata.normalize("NFD", character))
    return _LOOK_ALIKES.get(bare) or _fold_character(character)


_PLAIN = _Table(_fold_character)
_LATIN = _Table(_fold_look_alike)


def fold(text: str) -> str:
    """Lower-case words with one blank between, free of accents, emoji, punctuation and invisible marks."""
    if text.isascii():
        return _ASCII_BREAKS.sub(" ", text.lower()).strip()
    return " ".join(unicodedata.normalize("NFKC", text).translate(_PLAIN).split())


def fold_look_alikes(text: str) -> str:
    """Like `fold`, and Cyrillic, Greek or Lisu letters that are drawn like Latin ones become these."""
    if text.isascii():
        return fold(text)
    return " ".join(unicodedata.normalize("NFKC", text).translate(_LATIN).split())
