from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.segments import Encoding, segment
from core.splitting import TYPOGRAPHIC, replace_typographic, smart, split


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("short", 10, ["short"]),
        ("short", None, ["short"]),
        ("short", 0, ["short"]),
        ("aaa bbb ccc", 7, ["aaa bbb", "ccc"]),
        ("aaa bbb ccc", 6, ["aaa", "bbb", "ccc"]),
        ("aaaaaaaaaa", 4, ["aaaa", "aaaa", "aa"]),
        ("aa bbbbbbbb", 4, ["aa", "bbbb", "bbbb"]),
        ("a\nb  c", 3, ["a\nb", "c"]),
        ("  lead and trail  ", 8, ["lead and", "trail"]),
        ("exact123 x", 8, ["exact123", "x"]),
        ("          ", 4, ["    "]),
    ],
)
def test_texts_are_cut_at_words(text: str, limit: int | None, parts: list[str]) -> None:
    assert split(text, limit) == parts


@given(st.text(alphabet="ab \n\t é👍", max_size=120), st.integers(1, 20))
def test_no_part_is_too_long_and_no_letter_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    if len(text) > limit:
        assert all(0 < len(part) <= limit for part in parts) or not text.strip()
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(
    st.lists(st.text(alphabet="abcé", min_size=1, max_size=8), min_size=1, max_size=30), st.integers(8, 30)
)
def test_parts_joined_by_a_blank_are_the_text(words: list[str], limit: int) -> None:
    text = " ".join(words)
    assert " ".join(split(text, limit)) == text


def test_an_emoji_of_several_characters_is_not_torn() -> None:
    family = "👨\u200d👩\u200d👧"
    assert split("a" * 8 + family + "b", 10) == ["a" * 8, family + "b"]
    assert split("a" * 9 + "e\u0301b", 10) == ["a" * 9, "e\u0301b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It’s “ready” – come by", 'It\'s "ready" - come by'),
        ("wait…", "wait..."),
        ("a\u00a0b", "a b"),
        ("plain €", "plain €"),
        ("“я”", "“я”"),
        ("☕ – ok", "☕ – ok"),
        ("\u200b", "\u200b"),
    ],
)
def test_typographic_characters_go_where_that_saves_unicode(text: str, expected: str) -> None:
    assert smart(text) == expected


def test_every_replacement_is_gsm() -> None:
    for character, plain in TYPOGRAPHIC.items():
        assert not plain or segment(plain).encoding == Encoding.GSM7, character
    assert segment(replace_typographic("".join(TYPOGRAPHIC))).encoding == Encoding.GSM7
