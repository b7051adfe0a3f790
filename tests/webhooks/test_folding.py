from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.keywords.folding import fold, fold_look_alikes

SAME = [
    ("STOP", "stop"),
    ("  Stop \t now\r\n", "stop now"),
    ("ＳＴＯＰ", "stop"),
    ("𝐒𝐓𝐎𝐏", "stop"),
    ("Ⓢⓣⓞⓟ", "stop"),
    ("S\u200bT\u200dO\ufeffP", "stop"),
    ("st\u00adop", "stop"),
    ("\u202eSTOP\u202c", "stop"),
    ("❤️stop❤️", "stop"),
    ("🛑 Stop! 🙏🏽", "stop"),
    ("1️⃣", "1"),
    ("S.T-O_P", "s t o p"),
    ("“stop”…", "stop"),
    ("Arrêt", "arret"),
    ("arre\u0302t", "arret"),
    ("DÉSABONNER", "desabonner"),
    ("İPTAL", "iptal"),
    ("IPTAL", "iptal"),
    ("ıptal", "iptal"),
    ("Łódź Ørsted Straße", "lodz orsted strasse"),
    ("ΤΈΛΟΣ", "τελοσ"),
    ("Ёлка", "елка"),
    ("СТОП", "стоп"),
    ("बंद", "बंद"),
    ("क्\u200dष", "क्ष"),
    ("تَوَقَّف", "توقف"),
    ("توقـــف", "توقف"),
    ("إلغاء", "الغاء"),
    ("が", "が"),
    ("한국", "한국"),
    ("🛑", ""),
    ("\u3164", ""),
]
LOOK_ALIKES = ["ЅТОР", "ѕтор", "SΤOΡ", "ꜱᴛᴏᴘ", "ꓢꓔꓳꓑ", "🅢🅣🅞🅟", "🆂🆃🅾🅿", "s\u0336t\u0336o\u0336p\u0336", "ŠТÓΡ"]


@pytest.mark.parametrize(("text", "folded"), SAME)
def test_texts_that_read_the_same_fold_to_one_form(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_letters_drawn_like_latin_ones_fold_to_latin(text: str) -> None:
    assert fold_look_alikes(text) == "stop"


def test_real_cyrillic_is_not_taken_for_latin() -> None:
    assert not fold_look_alikes("СТОП").isascii()


@given(st.text())
def test_folding_twice_changes_nothing_and_never_fails(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold_look_alikes(text) is not None
