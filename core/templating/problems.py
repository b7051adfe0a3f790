"""What is wrong with a template, said so that its author can put it right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import TemplateInvalid


class Missing(StrEnum):
    """What to do when a template asks for a variable that has no value."""

    ERROR = "error"
    BLANK = "blank"
    FALLBACK = "fallback"  # the text given with the rendering


@dataclass(frozen=True)
class Problem:
    """One fault in a template; line and column count from 1."""

    message: str
    line: int
    column: int
    hint: str = ""

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.message} {self.hint}".rstrip()


def problem_at(source: str, index: int, message: str, hint: str = "") -> Problem:
    """A problem at a character index of `source`; an unknown index (-1) is shown at the start."""
    index = min(max(index, 0), len(source))
    line = source.count("\n", 0, index) + 1
    column = index - source.rfind("\n", 0, index)
    return Problem(message, line, column, hint)


def refusal(problems: Iterable[Problem]) -> TemplateInvalid:
    """The error that says the first problem."""
    return TemplateInvalid(str(next(iter(problems))))


def suggestion(word: str, choices: Iterable[str]) -> str:
    """ "Did you mean …?" for a mistyped word, or an empty text."""
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean {by_lower[close[0]]}?" if close else ""


_USE = 'Write it like {{ profile.firstName | default: "friend" }}.'
_FOREIGN = (
    "This looks like another template language: write {% if … %} … {% endif %} and {{ name | function }}."
)
# (pattern of the engine's words, our words, hint, where to look if the engine does not say); %1 = its group
_WORDS: tuple[tuple[str, str, str, str], ...] = (
    (r"expected tag end(\w+), found", "{% %1 %} is not closed.", "Add {% end%1 %}.", r"\{%-?\s*%1\b"),
    (r"unexpected tag 'end(\w+)'", "{% end%1 %} closes nothing.", "Remove it, or open {% %1 %}.", ""),
    (r"unexpected tag '(\w+)'", "There is no tag %1.", "Use if, unless, case, for, assign or capture.", ""),
    (r"unexpected '#'", "{{ cannot start with #.", _FOREIGN, ""),
    (r"unexpected ['\"]{3}|unexpected ['\"]\\['\"]", "A quote is not closed.", "Close it, or remove it.", ""),
    (
        r"expected a primitive expression",
        "A name is missing here.",
        "Write a variable between {{ and }}.",
        r"\{\{-?\s*-?\}\}",
    ),
    (r"missing expression", "The condition is missing.", "Write it like {% if profile.vip %}.", ""),
    (r"missing tag name", "{% needs the name of a tag.", _FOREIGN, ""),
    (r"expected end of expression", "This cannot stand here.", _USE, ""),
    (r"expected an identifier", "A name is missing after the dot.", "A list item is written items[0].", ""),
    (r"expected word", "The name of a helper function is missing after |.", _USE, ""),
    (r"nesting limit", "The tags are nested too deeply.", "", ""),
    (r"unexpected liquid parsing error", "The template is nested too deeply to be read.", "", ""),
)


def explain(source: str, message: str, index: int) -> Problem:
    """The engine's syntax error in our words."""
    for pattern, words, hint, locator in _WORDS:
        found = re.search(pattern, message)
        if found:
            name = found.group(1) if found.re.groups else ""
            if index < 0 and locator:
                index = max(
                    (place.start() for place in re.finditer(_fill(locator, name), source)), default=-1
                )
            return problem_at(source, index, _fill(words, name), _fill(hint, name))
    return problem_at(source, index, message[:1].upper() + message[1:] + ".")


def _fill(words: str, name: str) -> str:
    return words.replace("%1", name)
