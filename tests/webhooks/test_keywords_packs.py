"""Language packs are complete, agree with each other and with the engine."""

from __future__ import annotations

import re

import pytest

from core.segments import segment
from webhooks.keywords import DEFAULT_OPT_OUT, Intent, KeywordRules, LanguagePack, Question, language_packs
from webhooks.replies import REPLY_VARIABLES

PACKS = list(language_packs().values())
LISTED = (Intent.OPT_IN, Intent.OPT_OUT, Intent.HELP)
UNICODE = {"ru", "ar", "hi"}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_every_word_of_a_pack_is_heard_once_it_is_added(pack: LanguagePack) -> None:
    lists = {intent: pack.added_to("", intent) for intent in LISTED}
    rules = KeywordRules.parse(
        opt_in=lists[Intent.OPT_IN], opt_out=lists[Intent.OPT_OUT], help=lists[Intent.HELP]
    )
    for intent in LISTED:
        assert pack.words(intent)
        assert [word for word in pack.words(intent) if rules.match(word).intent is not intent] == []


def test_all_packs_go_into_one_webhook() -> None:
    lists = dict.fromkeys(LISTED, "")
    for pack in PACKS:
        lists = {intent: pack.added_to(listed, intent) for intent, listed in lists.items()}
    rules = KeywordRules.parse(
        opt_in=lists[Intent.OPT_IN], opt_out=lists[Intent.OPT_OUT], help=lists[Intent.HELP]
    )
    assert rules.match("ARRÊT svp").intent is Intent.OPT_OUT
    assert rules.match("hilfe").intent is Intent.HELP


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_an_opt_out_word_of_a_language_that_was_not_chosen_is_noticed(pack: LanguagePack) -> None:
    rules = KeywordRules.parse()
    read = {word: rules.match(word).intent for word in pack.opt_out}
    assert [
        word for word, intent in read.items() if intent not in (Intent.OPT_OUT, Intent.POSSIBLE_OPT_OUT)
    ] == []


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_yes_and_no_of_every_language_answer_a_question(pack: LanguagePack) -> None:
    rules = KeywordRules.parse()
    said = [(rules.match(word, question=Question.DOUBLE_OPT_IN).rule, word) for word in (*pack.yes, *pack.no)]
    assert said == [*(("confirmed", word) for word in pack.yes), *(("declined", word) for word in pack.no)]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_standard_replies_are_short_and_use_known_variables(pack: LanguagePack) -> None:
    for text in pack.replies.values():
        assert set(re.findall(r"{{(\w+)}}", text)) <= REPLY_VARIABLES
        shown = re.sub(r"{{(\w+)}}", "Acme", text)
        assert segment(shown).count <= (2 if pack.code in UNICODE else 1), shown
    assert "{{optOutKeyword}}" in pack.replies[Intent.HELP]
    assert "{{helpContact}}" in pack.replies[Intent.HELP]


def test_a_pack_is_added_to_the_defaults_and_only_once() -> None:
    spanish = language_packs()["es"]
    added = spanish.added_to("", Intent.OPT_OUT)
    assert added.startswith(", ".join(DEFAULT_OPT_OUT) + ", BAJA")
    assert spanish.added_to(added, Intent.OPT_OUT) == added
    assert spanish.added_to("alto, X", Intent.OPT_OUT).startswith("alto, X, BAJA, PARAR")


@pytest.mark.parametrize("kind", ["clear", "hints", "whole", "guards"])
def test_patterns_use_groups_for_expressions_of_several_words(kind: str) -> None:
    """`a|b c|d` is a slip: the blank ends the place."""
    torn = re.compile(r"(\w+)\|(\w+) \2\|")
    assert [(pack.code, one) for pack in PACKS for one in getattr(pack, kind) if torn.search(one)] == []
