"""The labelled texts: enough of them, and read well enough. `make bench-keywords` prints the figures and the speed."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from bench.keywords import Row, corpus, figures, held_out, missed
from webhooks.keywords import RULE_VERSION, KeywordRules

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


def test_a_version_of_the_rules_means_one_reading() -> None:
    """Fails when any labelled text is read differently: raise RULE_VERSION. New texts only need the new digest."""
    rules = KeywordRules.parse()
    read = [(row.text, *_read(rules, row.text)) for row in (*corpus(), *held_out())]
    digest = hashlib.sha256(repr(sorted(read)).encode()).hexdigest()[:16]
    assert (RULE_VERSION, digest) == ("keywords-2", "d1dca6b05a8ec8ae")


def _read(rules: KeywordRules, text: str) -> tuple[str, str, str]:
    match = rules.match(text)
    return match.intent.value, str(match.rule), match.keyword
