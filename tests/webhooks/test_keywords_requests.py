"""Requests in free words, slips, and what only looks like them."""

from __future__ import annotations

import pytest

from webhooks.keywords import Intent, KeywordRules, Question

RULES = KeywordRules.parse()
CLEAR = [
    "opt me out",
    "please stop texting me",
    "Remove me from your list",
    "stop all messages",
    "take me off your list",
    "LEAVE ME ALONE!",
    "Don’t text me again",
    "I no longer want to receive these messages",
    "Can you please stop messaging me",
    "dejen de enviarme mensajes",
    "arrêtez de m'envoyer des sms",
    "keine Werbung mehr bitte",
    "me tirem da lista",
    "cancellatemi dalla lista",
    "geen berichten meer aub",
    "proszę mnie wypisać",
    "numaramı silin lütfen",
    "отпишите меня",
    "احذفوا رقمي",
    "मैसेज भेजना बंद करो",
]
POSSIBLE = [
    ("CANCIL", "near_miss"),
    ("stpo", "near_miss"),
    ("unsuscribe me pls", "near_miss"),
    ("un suscribe", "near_miss"),
    ("ARRET", "foreign_word"),
    ("baja", "foreign_word"),
    ("STOPP", "foreign_word"),
    ("СТОП", "foreign_word"),
    ("बंद", "foreign_word"),
    ("how do I unsubscribe from this?", "request"),
    ("If you send one more of these I am going to report you", "request"),
    ("My mother doesn't want these messages any longer, she is 84", "request"),
    ("wrong number", "request"),
    ("go away", "request"),
    ("no más", "request"),
    ("I told you not to text. Stop.", "in_sentence"),
    ("Pouvez-vous m'enlever de votre fichier, j'ai déménagé", "request"),
    ("This is the third time I write. STOP. Thank you.", "in_sentence"),
    ("I told you yesterday, stop", "in_sentence"),
    ("stop " + "x" * 5_000, "in_sentence"),
]
NOTHING = [
    "don't stop",
    "Please don't stop texting me",
    "non stop",
    "I'm at the bus stop",
    "stop by at 5",
    "I can't stop laughing",
    "end of day",
    "cancel my appointment",
    "quit smoking",
    "no, I'll come at 5",
    "fin de semana",
    "arrêt de bus",
    "Endlich",
    "shop",
    "step",
    "anmelden",
    "Reply STOP to unsubscribe",
    "Sale on Sunday only! Reply STOP to opt out",
]


@pytest.mark.parametrize("text", CLEAR)
def test_a_request_that_leaves_no_doubt_is_an_opt_out(text: str) -> None:
    assert RULES.match(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize(("text", "rule"), POSSIBLE)
def test_in_doubt_it_is_a_possible_opt_out(text: str, rule: str) -> None:
    match = RULES.match(text)
    assert (match.intent, match.rule) == (Intent.POSSIBLE_OPT_OUT, rule)
    assert match.keyword


@pytest.mark.parametrize("text", NOTHING)
def test_stop_words_in_another_sense_are_nothing(text: str) -> None:
    assert RULES.match(text).intent is Intent.NONE


def test_what_is_kept_of_a_request_fits_into_the_record() -> None:
    assert len(RULES.match("x" * 300 + " wish to unsubscribe " + "y" * 300).keyword) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "STOP\n\nSent from my iPhone",
        "Stop. Sent from my Samsung Galaxy smartphone.",
        "STOP\n\nEnvoyé de mon iPhone",
        "STOP\n\niPhone'umdan gönderildi",
        "Stop\n-- \nJohn Miller\nMiller & Sons",
        "STOP.\n\nThanks,\nDebbie",
        "Stop\n> Big sale!\n> Reply START or HELP",
        "stop\n\nOn Mon, Nov 3, 2025 at 9:14 AM Acme <a@example.com> wrote:\nBig sale this weekend",
        "On Mon, Nov 3, 2025 at 9:14 AM Acme <a@example.com> wrote:\n> Big sale\n\nSTOP",
        "Stop\n\nAm 03.11.25 um 09:14 schrieb Acme:\n> Angebot",
        "stop\n-----Original Message-----\nFrom: 55512\nHello Jane",
    ],
)
def test_quotations_and_signatures_are_cut_first(text: str) -> None:
    assert RULES.match(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "> Reply STOP to opt out",
        "Liked “STOP to end”",
        'Loved "Your table is booked. Text STOP to cancel messages"',
        "👍 to “ Thanks for joining! STOP = end ”",
        "A aimé « Répondez STOP »",
    ],
)
def test_our_own_words_coming_back_are_no_wish(text: str) -> None:
    assert RULES.match(text).intent is Intent.NONE


@pytest.mark.parametrize("text", ["YES", "yes please", "Sí", "oui", "ja bitte", "да", "نعم", "हाँ", "y"])
def test_yes_confirms_an_open_double_opt_in_in_every_language(text: str) -> None:
    match = RULES.match(text, question=Question.DOUBLE_OPT_IN)
    assert (match.intent, match.rule) == (Intent.OPT_IN, "confirmed")


@pytest.mark.parametrize("text", ["NO", "no thanks", "non merci", "nein", "нет", "नहीं"])
def test_no_declines_an_open_double_opt_in(text: str) -> None:
    match = RULES.match(text, question=Question.DOUBLE_OPT_IN)
    assert (match.intent, match.rule) == (Intent.OPT_OUT, "declined")


def test_an_open_question_owns_yes_and_no_only() -> None:
    assert RULES.match("STOP", question=Question.DOUBLE_OPT_IN).rule == "whole_message"
    assert RULES.match("START", question=Question.DOUBLE_OPT_IN).rule == "whole_message"
    assert RULES.match("yes I can come at 5", question=Question.DOUBLE_OPT_IN).intent is Intent.NONE
    assert RULES.match("remove me", question=Question.DOUBLE_OPT_IN).intent is Intent.OPT_OUT


def test_asked_whether_they_meant_to_stop_yes_stops_and_no_does_not() -> None:
    yes, no = (RULES.match(text, question=Question.OPT_OUT) for text in ("Yes!", "no"))
    assert (yes.intent, yes.rule) == (Intent.OPT_OUT, "confirmed")
    assert (no.intent, no.rule) == (Intent.NONE, "declined")


def test_without_a_question_yes_is_an_opt_in_and_no_an_opt_out() -> None:
    assert (RULES.match("yes").intent, RULES.match("no").intent) == (Intent.OPT_IN, Intent.OPT_OUT)
    assert RULES.match("nein").intent is Intent.NONE
