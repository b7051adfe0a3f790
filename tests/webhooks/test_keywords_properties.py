"""What holds for any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.keywords import corpus
from webhooks.keywords import Intent, KeywordRules, Match, Question

RULES = KeywordRules.parse(double_opt_in="JOIN", custom={"Menu": "MENU"})
TEXTS = sorted(
    {row.text for row in corpus() if row.text.isascii() and row.text.isprintable() and "'" not in row.text}
)
AROUND = st.text(alphabet="!.,;*~_ \t🛑😡🙏👍️\u200b\u200d\u2060\ufeff\u200e", max_size=6)
_NOISE = ("\u200b", "\u200d", "\u2060", "\u00ad", "\ufeff")


@given(st.text(), st.sampled_from([None, *Question]))
def test_any_text_is_read_without_an_error(text: str, question: Question | None) -> None:
    match = RULES.match(text, question=question)
    assert isinstance(match, Match)
    assert len(match.keyword) <= 100


@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False))
def test_case_does_not_matter(text: str, random: object) -> None:
    mixed = "".join(letter.upper() if random.random() < 0.5 else letter.lower() for letter in text)  # type: ignore[attr-defined]
    assert RULES.match(mixed).intent is RULES.match(text).intent


@given(
    st.sampled_from(["STOP", "stop please", "remove me", "help", "YES", "menu", "hello there"]),
    AROUND,
    AROUND,
)
def test_punctuation_emoji_and_invisible_marks_around_do_not_matter(
    text: str, before: str, after: str
) -> None:
    assert RULES.match(before + text + after) == RULES.match(text)


@given(st.sampled_from(TEXTS), st.data())
def test_invisible_marks_inside_do_not_matter(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    assert (
        RULES.match(text[:place] + data.draw(st.sampled_from(_NOISE)) + text[place:]).intent
        is RULES.match(text).intent
    )


@given(st.sampled_from(["stop", "unsubscribe", "quit"]), st.integers(3, 30))
def test_a_stretched_word_is_the_word(word: str, times: int) -> None:
    middle = len(word) // 2
    assert RULES.match(word[:middle] + word[middle] * times + word[middle + 1 :]).intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "stop " * 200_000,
        "s t o p " * 100_000,
        "\u0300" * 500_000,
        "sent iphone " * 130 + " " * 100_000 + "x",
        "On " + "wrote " * 50_000,
        "\n> " * 300_000,
        "Liked “" + "“" * 300_000,
        "ﷺ" * 300_000,
        "don't stop texting me unless " * 5_000,
    ],
)
def test_hostile_texts_are_read_in_bounded_time(text: str) -> None:
    began = time.process_time()
    RULES.match(text)
    assert time.process_time() - began < 0.25


@settings(max_examples=20)
@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=20))
def test_reading_does_not_depend_on_what_was_read_before(texts: list[str]) -> None:
    first = [RULES.match(text) for text in texts]
    assert [RULES.match(text) for text in reversed(texts)] == first[::-1]
