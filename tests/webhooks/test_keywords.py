from __future__ import annotations

import time
from typing import Any

import pytest

from core.errors import ConfigurationInvalid, KeywordsOverlap
from webhooks.keywords import (
    DEFAULT_HELP,
    DEFAULT_OPT_IN,
    DEFAULT_OPT_OUT,
    REQUIRED_OPT_OUT,
    RULE_VERSION,
    Intent,
    KeywordRules,
    missing_required,
)

DEFAULTS = KeywordRules.parse()
OPTED_OUT = [
    *((word, word, "whole_message") for word in DEFAULT_OPT_OUT),
    ("stop", "STOP", "whole_message"),
    ("  Stop.  ", "STOP", "whole_message"),
    ("'STOP'", "STOP", "whole_message"),
    ("🛑STOP🛑", "STOP", "whole_message"),
    ("ＳＴＯＰ", "STOP", "whole_message"),
    ("ЅТОР", "STOP", "whole_message"),
    ("S\u200bTOP", "STOP", "whole_message"),
    ("UNSUBSCRİBE", "UNSUBSCRIBE", "whole_message"),
    ("ΝΟ", "NO", "whole_message"),
    ("S T O P", "STOP", "joined"),
    ("s.t.o.p", "STOP", "joined"),
    ("un-subscribe", "UNSUBSCRIBE", "joined"),
    ("REVOKE", "REVOKE", "required_word"),
    ("opt out", "OPT OUT", "required_word"),
    ("OPT-OUT", "OPT OUT", "required_word"),
    ("optout", "OPT OUT", "required_word"),
    ("Stop all", "STOPALL", "required_word"),
    ("opt out please", "OPT OUT", "required_word"),
    ("STOP PLEASE", "STOP", "with_courtesy"),
    ("pls stop", "STOP", "with_courtesy"),
    ("Please stop now, thanks!", "STOP", "with_courtesy"),
    ("stop merci", "STOP", "with_courtesy"),
    ("Stop s'il vous plaît", "STOP", "with_courtesy"),
    ("please stop texting me", "STOP", "with_courtesy"),
    ("unsubscribe me please", "UNSUBSCRIBE", "with_courtesy"),
    ("ЅТОР please", "STOP", "with_courtesy"),
    ("stop stop STOP!!!", "STOP", "with_courtesy"),
    ("s t o p please", "STOP", "with_courtesy"),
    ("STOP 55512", "STOP", "with_courtesy"),
    ("STOOOOP", "STOP", "stretched"),
    ("please please stop now thanks all", "STOP", "with_courtesy"),
]
NO_KEYWORD = [
    "",
    "   ",
    "🛑",
    "please",
    "thanks",
    "stop by at 5",
    "don't stop",
    "non-stop",
    "bus stop",
    "I will stop",
    "stopped",
    "stops",
    "no problem",
    "no thanks",
    "no please",
    "No, I will come",
    "nope",
    "end of day",
    "the end",
    "weekend",
    "cancel my order",
    "I want to cancel my appointment",
    "quit smoking today",
    "please start",
    "yes please",
    "start now",
    "helpful",
    "can you help me with my order",
    "help please",
    "\u0300" * 5,
    "a" * 100_000,
    "please note: " + "x" * 5_000,
]


@pytest.mark.parametrize(("text", "keyword", "rule"), OPTED_OUT)
def test_a_clear_request_to_stop_is_heard(text: str, keyword: str, rule: str) -> None:
    match = DEFAULTS.match(text)
    assert (match.intent, match.keyword, match.rule) == (Intent.OPT_OUT, keyword, rule)
    assert match.version == RULE_VERSION


@pytest.mark.parametrize("text", NO_KEYWORD)
def test_a_sentence_near_a_keyword_is_no_keyword(text: str) -> None:
    match = DEFAULTS.match(text)
    assert (match.intent, match.keyword, match.rule) == (Intent.NONE, "", "")


@pytest.mark.parametrize("text", [*DEFAULT_OPT_IN, "start!", "Yes 👍", "UN STOP", "ＹＥＳ"])
def test_opt_in_words_are_heard(text: str) -> None:
    assert DEFAULTS.match(text).intent is Intent.OPT_IN


@pytest.mark.parametrize("text", [*DEFAULT_HELP, "help?", "h e l p"])
def test_help_is_heard(text: str) -> None:
    assert DEFAULTS.match(text).intent is Intent.HELP


def test_a_custom_list_replaces_its_own_category_only() -> None:
    rules = KeywordRules.parse(opt_in="JOIN, Ja", help=" AYUDA ;; info\nSOS ")
    assert rules.opt_in == ("JOIN", "Ja")
    assert rules.help == ("AYUDA", "info", "SOS")
    assert rules.opt_out == DEFAULT_OPT_OUT
    assert rules.match("ja").intent is Intent.OPT_IN
    assert rules.match("START").intent is Intent.NONE
    assert rules.match("sos").intent is Intent.HELP
    assert rules.match("help").intent is Intent.NONE


@pytest.mark.parametrize("word", [*REQUIRED_OPT_OUT, "OPTOUT"])
def test_required_words_are_honoured_even_when_the_list_leaves_them_out(word: str) -> None:
    match = KeywordRules.parse(opt_out="ARRET").match(word)
    assert (match.intent, match.rule) == (Intent.OPT_OUT, "required_word")


def test_a_default_that_is_not_required_stops_working_when_left_out() -> None:
    assert KeywordRules.parse(opt_out="STOP").match("NO").intent is Intent.NONE


@pytest.mark.parametrize("text", ["QUIT", "opt-out", "quit please"])
def test_a_required_word_left_out_pauses_where_the_operator_does_not_honour_it_at_once(text: str) -> None:
    match = KeywordRules.parse(opt_out="ARRET", honour_required=False).match(text)
    assert (match.intent, match.rule) == (Intent.POSSIBLE_OPT_OUT, "required_word")


def test_a_required_word_in_the_list_is_an_opt_out_whatever_the_switch_says() -> None:
    match = KeywordRules.parse(opt_out="QUIT", honour_required=False).match("quit")
    assert (match.intent, match.rule) == (Intent.OPT_OUT, "whole_message")


@pytest.mark.parametrize(
    ("lists", "param"),
    [
        ({"opt_out": "STOP", "help": "QUIT"}, "help_keywords"),
        ({"opt_out": "STOP", "opt_in": "opt-out"}, "opt_in_keywords"),
        ({"opt_out": "STOP", "double_opt_in": "End"}, "double_opt_in_keywords"),
        ({"opt_out": "STOP", "custom": {"Menu": "CANCEL"}}, "custom_keywords"),
    ],
)
def test_a_required_word_in_another_list_is_refused(lists: dict[str, Any], param: str) -> None:
    with pytest.raises(KeywordsOverlap) as caught:
        KeywordRules.parse(**lists)
    assert "the law counts as an opt-out" in caught.value.text
    assert caught.value.param == param


def test_double_opt_in_and_custom_words_are_heard_and_custom_ones_name_their_category() -> None:
    rules = KeywordRules.parse(double_opt_in="JOIN", custom={"Menu": "MENU, CARTE", "Win": "WIN 5"})
    join, menu, win = (rules.match(text) for text in ("join!", "carte", "win5"))
    assert (join.intent, join.keyword, join.category) == (Intent.DOUBLE_OPT_IN, "JOIN", "")
    assert (menu.intent, menu.keyword, menu.category) == (Intent.CUSTOM, "CARTE", "Menu")
    assert (win.intent, win.rule, win.category) == (Intent.CUSTOM, "joined", "Win")
    assert (rules.double_opt_in, rules.custom) == (("JOIN",), {"Menu": ("MENU", "CARTE"), "Win": ("WIN 5",)})


def test_the_brand_beside_an_opt_out_word_is_courtesy() -> None:
    assert KeywordRules.parse(brand="Acme Shoes").match("STOP ACME").intent is Intent.OPT_OUT
    assert KeywordRules.parse().match("STOP ACME").intent is Intent.POSSIBLE_OPT_OUT


@pytest.mark.parametrize(
    ("opt_out", "word", "text"),
    [
        ("ARRÊT", "ARRÊT", "arret svp"),
        ("СТОП", "СТОП", "стоп!"),
        ("बंद", "बंद", "बंद"),
        ("توقف", "توقف", "تَوقـف"),
        ("退订", "退订", "退订。"),
        ("İPTAL", "İPTAL", "iptal"),
        ("no mas", "no mas", "NO MÁS por favor"),
    ],
)
def test_keywords_of_other_languages_match(opt_out: str, word: str, text: str) -> None:
    match = KeywordRules.parse(opt_out=opt_out).match(text)
    assert (match.intent, match.keyword) == (Intent.OPT_OUT, word)


@pytest.mark.parametrize(
    ("lists", "word", "param"),
    [
        ({"opt_in": "YES, GO", "opt_out": "STOP, go"}, "GO", "opt_in_keywords"),
        ({"opt_in": "NO"}, "NO", "opt_in_keywords"),
        ({"help": "Stop"}, "Stop", "help_keywords"),
        ({"opt_in": "HELP"}, "HELP", "opt_in_keywords"),
        ({"opt_in": "OPT-UP", "help": "optup"}, "OPT-UP", "opt_in_keywords"),
        ({"double_opt_in": "yes"}, "yes", "double_opt_in_keywords"),
        ({"custom": {"Menu": "HELP"}}, "HELP", "custom_keywords"),
        ({"custom": {"Menu": "GO", "Win": "go"}}, "go", "custom_keywords"),
        ({"custom": {"Menu": "stop menu please"}, "brand": "Menu"}, "stop menu please", "custom_keywords"),
        ({"help": "stop now"}, "stop now", "help_keywords"),
    ],
)
def test_one_word_in_two_lists_is_refused_by_name(lists: dict[str, Any], word: str, param: str) -> None:
    with pytest.raises(KeywordsOverlap) as caught:
        KeywordRules.parse(**lists)
    assert f'"{word}"' in caught.value.text
    assert caught.value.param == param


def test_a_keyword_without_letters_is_refused() -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        KeywordRules.parse(opt_out="STOP, 👎")
    assert "👎" in caught.value.text
    assert caught.value.param == "opt_out_keywords"


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        ("", ()),
        (" , ", ()),
        (
            "stop, Quit, END, revoke, opt-out, cancel, unsubscribe, stop all",
            (),
        ),
        ("STOP, QUIT, CANCEL, END, UNSUBSCRIBE, NO", ("REVOKE", "OPT OUT", "STOPALL")),
        ("ARRET", REQUIRED_OPT_OUT),
    ],
)
def test_the_form_can_name_required_words_left_out(listed: str, missing: tuple[str, ...]) -> None:
    assert missing_required(listed) == missing


def test_matching_is_fast_enough_for_a_busy_webhook() -> None:
    texts = ["STOP", "please stop", "See you at five, thanks for the fish!", "Увидимся завтра вечером"] * 500
    began = time.perf_counter()
    for text in texts:
        DEFAULTS.match(text)
    assert len(texts) / (time.perf_counter() - began) > 20_000
