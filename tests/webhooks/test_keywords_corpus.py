"""The labelled texts: enough of them, and read well enough. `make bench-keywords` prints the figures and the speed."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.keywords import Row, corpus, figures, held_out, missed

LABELS = {"clear_opt_out", "opt_in", "help", "near_miss", "request", "chat"}


@pytest.mark.parametrize("rows", [corpus(), held_out()], ids=["corpus", "held out"])
def test_clear_opt_outs_are_found_and_ordinary_texts_left_alone(rows: list[Row]) -> None:
    found = figures(rows)
    assert missed(found) == []
    assert found.requests >= 0.75
    assert found.others >= 0.99


def test_the_corpus_is_large_and_of_many_languages() -> None:
    rows = corpus()
    labels = Counter(row.label for row in rows)
    assert set(labels) == LABELS
    assert (labels["clear_opt_out"], labels["chat"]) >= (800, 800)
    assert len({row.language for row in rows if row.label == "clear_opt_out"}) >= 12
    assert len({(row.text, row.language) for row in rows}) == len(rows)
