"""The words of the keyword engine: intents, rules, what a match says, and the documented lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RULE_VERSION: Final = (
    "keywords-2"  # stored in consent events; raise it whenever a text would be read differently
)

DEFAULT_OPT_IN: Final = ("SUBSCRIBE", "YES", "UNSTOP", "START", "CONTINUE", "RESUME", "BEGIN")
DEFAULT_OPT_OUT: Final = ("STOP", "QUIT", "CANCEL", "END", "UNSUBSCRIBE", "NO")
DEFAULT_HELP: Final = ("HELP",)
# 47 CFR 64.1200(a)(10) names the words that always revoke consent; US carriers honour the other two as well.
REQUIRED_OPT_OUT: Final = ("STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE", "STOPALL")


class Intent(StrEnum):
    """What the text asks for."""

    OPT_OUT = "opt_out"
    HELP = "help"
    OPT_IN = "opt_in"
    DOUBLE_OPT_IN = "double_opt_in"  # starts a pending opt-in; consent follows with a second keyword or YES
    CUSTOM = "custom"  # a category that the operator named
    POSSIBLE_OPT_OUT = "possible_opt_out"  # pauses marketing until somebody has looked at it
    NONE = ""


class Rule(StrEnum):
    """How the text was recognised, in the order in which the rules are tried."""

    CONFIRMED = "confirmed"  # YES to an open question
    DECLINED = "declined"  # NO to an open question
    WHOLE_MESSAGE = "whole_message"
    JOINED = "joined"
    WITH_COURTESY = "with_courtesy"
    REQUIRED_WORD = "required_word"
    STRETCHED = "stretched"  # STOOOOP
    FOREIGN_WORD = "foreign_word"  # an opt-out word of a language that was not chosen
    REQUEST = "request"  # in words of one's own
    NEAR_MISS = "near_miss"
    IN_SENTENCE = "in_sentence"  # the word stands out of a longer text
    NONE = ""


class Question(StrEnum):
    """What a person was asked and has not answered yet; YES and NO belong to it."""

    DOUBLE_OPT_IN = "double_opt_in"  # "Reply YES to confirm your subscription."
    OPT_OUT = "opt_out"  # "Did you want to unsubscribe? Reply YES."


@dataclass(frozen=True, slots=True)
class Match:
    """The intent, the word or words that were recognised, the rule that did it.

    `keyword` is the list's word as the operator wrote it; for a request the words of the text. `category` is the
    name of the custom category.
    """

    intent: Intent
    keyword: str = ""
    rule: str = ""
    version: str = RULE_VERSION
    category: str = ""


NO_MATCH: Final = Match(Intent.NONE)
