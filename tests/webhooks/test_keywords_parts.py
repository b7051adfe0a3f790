"""The parts of the engine by themselves: patterns, the automaton, slips of the finger."""

from __future__ import annotations

import pytest

from webhooks.keywords.machine import Machine, Step
from webhooks.keywords.near import NearWords, distance
from webhooks.keywords.patterns import fixed_patterns_of, patterns_of

GROUPS = {"message": ("texts", "text messages"), "dont": ("dont", "do not")}


def machine(*sources: str, courtesy: str = "", small: str = "") -> Machine:
    return Machine(patterns_of(sources, groups=GROUPS, small=small.split()), courtesy=courtesy.split())


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("stop|quit texting", "now quit texting me", True),
        ("stop texting", "stop now texting", False),
        ("stop ~ texting", "stop all the texting", True),
        ("stop ~ texting", "stop the car texting", False),
        ("stop .. texting", "stop my mad sister texting", True),
        ("stop .. texting", "stop my mad old sister texting", False),
        ("stop <message>", "stop text messages", True),
        ("<dont> text me?", "i do not text", True),
        ("me? stop", "please stop", True),
        ("envoy* plus", "envoyez plus", True),
        ("envoy* plus", "en plus", False),
        ("stop stop texting", "stop stop stop texting", True),
    ],
)
def test_a_pattern_is_found_inside_a_text(pattern: str, text: str, found: bool) -> None:
    assert (machine(pattern, small="all the").find(text.split()) >= 0) is found


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("please stop texting", True),
        ("stop texting please stop texting", True),
        ("please", False),
        ("", False),
        ("stop", False),
        ("stop texting he said", False),
        ("he said stop texting", False),
        ("stop texting stop", False),
    ],
)
def test_a_text_is_covered_by_patterns_and_courtesy_only(text: str, covered: bool) -> None:
    assert machine("stop texting", courtesy="please").covers(text.split()) is covered


def test_a_word_listed_by_itself_and_by_its_stem_counts_as_both() -> None:
    both = machine("envoyez rien", "envoy* plus", "envoyons* tout")
    assert both.find(["envoyez", "plus"]) == 1
    assert both.find(["envoyonsle", "plus"]) == 1
    assert both.find(["envoyez", "tout"]) == -1


def test_spans_name_every_place_that_is_found() -> None:
    guards = Machine(fixed_patterns_of(["bus stop", "dont ever? stop"], groups=GROUPS))
    assert guards.spans(["dont", "ever", "stop", "at", "a", "bus", "stop"]) == [(0, 3), (5, 7)]


@pytest.mark.parametrize("steps", [(Step(None),), (Step(frozenset({"a"}), optional=True),), ()])
def test_a_pattern_that_would_match_anything_is_refused(steps: tuple[Step, ...]) -> None:
    with pytest.raises(ValueError, match="a pattern"):
        Machine([steps])


def test_a_machine_forgets_and_goes_on_when_it_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.keywords.machine._STATES_LIMIT", 3)
    found = machine("a b c d", "b c e", "c f")
    for _ in range(3):
        assert found.find(["x", "a", "b", "c", "d"]) == 4
        assert found.find(["a", "b", "c", "e"]) == 3
        assert found.find(["a", "b", "c", "g"]) == -1


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("stop", "stop", 0), ("stpo", "stop", 1), ("stp", "stop", 1), ("sttop", "stop", 1), ("spot", "stop", 2)],
)
def test_distance_counts_slips(one: str, other: str, far: int) -> None:
    assert distance(one, other) == distance(other, one) == far


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("stpo", "stop"),
        ("stap", "stop"),
        ("shop", ""),
        ("tp", ""),
        ("unsuscrib", "unsubscribe"),
        ("subscribe", ""),
        ("x" * 5_000, ""),
    ],
)
def test_near_words_know_slips_from_words_of_their_own(word: str, target: str) -> None:
    assert NearWords(["stop", "unsubscribe"], exceptions=["shop", "subscribe"]).target(word) == target
