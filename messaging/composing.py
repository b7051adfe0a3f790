"""A message written by hand, looked at before it is sent: faults, length, and what the recipient would read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from consent import optout
from core.errors import TemplateInvalid
from core.templating import Problem, check_text, render_text
from core.templating.problems import problem_at
from core.text import clean
from credentials.spec import TextSpec
from messaging.measuring import Measure, culprits, measure

_KNOWN = frozenset({"toNumber", "fromNumber", optout.VARIABLE, "now", "today"})


@dataclass(frozen=True)
class Composed:
    """What is wrong with a text; else what it becomes, with its length in words."""

    problems: tuple[Problem, ...] = ()
    text: str = ""
    note: str = ""


def compose(
    source: str, *, msisdn: str, attributes: Mapping[str, Any], sender: str = "", spec: TextSpec | None = None
) -> Composed:
    """Check and fill in for a recipient, counted as a credential sends it; nothing is stored or sent."""
    problems = tuple(check_text(clean(source), known=_KNOWN))
    if problems:
        return Composed(problems)
    context = {
        "toNumber": msisdn,
        "fromNumber": sender,
        "profile": dict(attributes),
        optout.VARIABLE: f"{settings.SMSGATEWAY_PUBLIC_URL}/optout/{'x' * 12}",
    }
    try:
        text = render_text(clean(source), context)
    except TemplateInvalid as error:
        return Composed((problem_at(source, 0, error.text),))
    limit = settings.SMSGATEWAY_TEXT_LIMIT
    if len(text) > limit:
        return Composed(
            (Problem(f"The text has {len(text):,} characters; at most {limit:,} can be sent.", 1, 1),)
        )
    spec = spec or TextSpec()
    whole = spec.cut(text)[0]
    return Composed(text=whole, note=_note(measure(text, spec), whole, spec))


def _note(measured: Measure, text: str, spec: TextSpec) -> str:
    parts, characters = _counted(measured.parts, "part"), _counted(measured.characters, "character")
    note = f"{measured.encoding}, {parts}, {characters}, {measured.left} left in the last part"
    found = [culprit.shown for culprit in culprits(text, [], spec)] if measured.encoding != "GSM-7" else []
    return f"{note}; Unicode because of {' '.join(found[:10])}" if found else note


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
