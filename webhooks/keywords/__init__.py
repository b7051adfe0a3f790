"""Which wish a recipient's text expresses. Pure: no Django, no models."""

from __future__ import annotations

from webhooks.keywords.lists import missing_required, split_keywords
from webhooks.keywords.packs import LanguagePack, language_packs
from webhooks.keywords.rules import KeywordRules
from webhooks.keywords.vocabulary import (
    DEFAULT_HELP,
    DEFAULT_OPT_IN,
    DEFAULT_OPT_OUT,
    REQUIRED_OPT_OUT,
    RULE_VERSION,
    Intent,
    Match,
    Question,
    Rule,
)

__all__ = [
    "DEFAULT_HELP",
    "DEFAULT_OPT_IN",
    "DEFAULT_OPT_OUT",
    "REQUIRED_OPT_OUT",
    "RULE_VERSION",
    "Intent",
    "KeywordRules",
    "LanguagePack",
    "Match",
    "Question",
    "Rule",
    "language_packs",
    "missing_required",
    "split_keywords",
]
