"""The operator's keyword lists: reading them, and refusing those that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import ConfigurationInvalid, KeywordsOverlap
from webhooks.keywords.folding import fold
from webhooks.keywords.vocabulary import (
    DEFAULT_HELP,
    DEFAULT_OPT_IN,
    DEFAULT_OPT_OUT,
    REQUIRED_OPT_OUT,
    Intent,
    Match,
    Rule,
)

_SEPARATORS = re.compile("[,;\n\r،，、]+")


@dataclass(frozen=True, slots=True)
class Category:
    """One list of the form: what its words mean, where it stands, what it is called."""

    intent: Intent
    param: str
    label: str
    words: tuple[str, ...]
    name: str = ""  # of a custom category


@dataclass(frozen=True, slots=True)
class Entry:
    """One keyword, ready to be looked up."""

    word: str
    folded: str
    category: Category
    required: bool = False

    @property
    def intent(self) -> Intent:
        """What the keyword means."""
        return self.category.intent

    @property
    def joined(self) -> str:
        """The keyword without blanks; texts are compared in this form."""
        return self.folded.replace(" ", "")

    @property
    def stops(self) -> bool:
        """Whether it is about opting out."""
        return self.intent in (Intent.OPT_OUT, Intent.POSSIBLE_OPT_OUT)

    def match(self, rule: Rule) -> Match:
        """What is said about a text in which the rule found this keyword."""
        found = Rule.REQUIRED_WORD if self.required else rule
        return Match(self.intent, self.word, found, category=self.category.name)


def split_keywords(listed: str) -> tuple[str, ...]:
    """The words of a comma-separated list, trimmed, without blanks; "" gives none."""
    return tuple(word for part in _SEPARATORS.split(listed) if (word := part.strip().strip("\"'").strip()))


def missing_required(opt_out_list: str) -> tuple[str, ...]:
    """Legally required words that a custom opt-out list leaves out; a blank list means the defaults: none."""
    listed = {fold(word).replace(" ", "") for word in split_keywords(opt_out_list)}
    return tuple(word for word in REQUIRED_OPT_OUT if listed and _joined(word) not in listed)


def categories_of(
    *,
    opt_in: str,
    opt_out: str,
    help: str,  # noqa: A002
    double_opt_in: str,
    custom: Mapping[str, str],
) -> list[Category]:
    """The lists in their order of precedence; a blank documented one has its defaults, a blank other one no word."""
    return [
        _category(Intent.OPT_OUT, "opt_out_keywords", "Opt-out Keywords", opt_out, DEFAULT_OPT_OUT),
        _category(Intent.HELP, "help_keywords", "Help Keywords", help, DEFAULT_HELP),
        _category(Intent.OPT_IN, "opt_in_keywords", "Opt-in Keywords", opt_in, DEFAULT_OPT_IN),
        _category(
            Intent.DOUBLE_OPT_IN, "double_opt_in_keywords", "Double Opt-In Keywords", double_opt_in, ()
        ),
        *(
            Category(
                Intent.CUSTOM, "custom_keywords", f'the custom category "{name}"', split_keywords(words), name
            )
            for name, words in custom.items()
        ),
    ]


def entries_of(categories: Iterable[Category], *, honour_required: bool) -> dict[str, Entry]:
    """Every keyword by its joined form, with the required words that the lists leave out.

    Raises KeywordsOverlap (a word stands in two lists, or a required one in the wrong list) or ConfigurationInvalid.
    """
    entries: dict[str, Entry] = {}
    required = {_joined(word): word for word in REQUIRED_OPT_OUT}
    for category in categories:
        for word in category.words:
            entry = _entry(word, category)
            other = entries.setdefault(entry.joined, entry)
            if other.category is not category:
                raise overlap(entry, other.word, other.category.label)
            if entry.joined in required and category.intent is not Intent.OPT_OUT:
                raise _promised(entry)
    intent = Intent.OPT_OUT if honour_required else Intent.POSSIBLE_OPT_OUT
    always = Category(intent, "opt_out_keywords", "Opt-out Keywords", ())
    for joined, word in required.items():
        entries.setdefault(joined, Entry(word, fold(word), always, required=True))
    return entries


def overlap(entry: Entry, other_word: str, other_label: str) -> KeywordsOverlap:
    """The error of a keyword that is, or reads as, a word of another list."""
    label = entry.category.label
    if fold(entry.word) == fold(other_word):
        text = f'The keyword "{entry.word}" stands in both {other_label} and {label}. Remove one of them.'
    else:
        text = f'The keyword "{entry.word}" in {label} reads as "{other_word}" of {other_label}. Change it.'
    return KeywordsOverlap(text, param=entry.category.param)


def _promised(entry: Entry) -> KeywordsOverlap:
    return KeywordsOverlap(
        f'The keyword "{entry.word}" in {entry.category.label} is a word that the law counts as an opt-out. '
        "Remove it there.",
        param=entry.category.param,
    )


def _category(intent: Intent, param: str, label: str, listed: str, defaults: tuple[str, ...]) -> Category:
    return Category(intent, param, label, split_keywords(listed) or defaults)


def _entry(word: str, category: Category) -> Entry:
    folded = fold(word)
    if not folded:
        raise ConfigurationInvalid(
            f'The keyword "{word}" in {category.label} has no letter or digit, so no text can match it. Remove it.',
            param=category.param,
        )
    return Entry(word, folded, category)


def _joined(word: str) -> str:
    return fold(word).replace(" ", "")
