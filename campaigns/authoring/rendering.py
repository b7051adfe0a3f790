"""One recipient's text from a template version: pure, no queries, made to run a million times.

Compiled templates are kept by their source, so a version costs its reading once per process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from campaigns.authoring.choosing import choose
from campaigns.models.texts import MissingPolicy
from core.errors import TemplateInvalid, VariableMissing
from core.templating import render_filled, render_text
from core.templating.engine import TemplateSyntax
from core.templating.links import SWITCH
from links.drafting import Draft, Drafts, LinkOptions, may_hold_links, source_of


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens where an attribute is missing, and how long a text may be (characters)."""

    missing: MissingPolicy = MissingPolicy.SKIP
    fallback_text: str = ""
    limit: int = 1500


class Reason(StrEnum):
    """Why a recipient gets no text."""

    NO_LANGUAGE = "no_text_in_language"
    MISSING = "attribute_missing"
    EMPTY = "text_empty"
    TOO_LONG = "text_too_long"
    FAILED = "text_not_rendered"


@dataclass(frozen=True, slots=True)
class Text:
    """What the recipient reads; `filled` are the attributes that the fallback text stands for."""

    text: str
    language: str
    filled: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()  # its tracked links, to be stored with the message


@dataclass(frozen=True, slots=True)
class Skipped:
    """This recipient is left out; `detail` is for staff."""

    reason: Reason
    detail: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nobody further should get this text before somebody has looked at it."""

    problem: str
    attribute: str = ""


Outcome = Text | Skipped | Stopped


def render(
    version_texts: Mapping[str, str],
    language: str,
    context: Mapping[str, Any],
    policy: Policy,
    *,
    links: LinkOptions | None = None,
) -> Outcome:
    """The text of a version (language -> source, "" the default) for a recipient of that language.

    `context` holds plain data: toNumber, fromNumber, profile, and whatever else the text may name. With `links`,
    addresses become tracked ones as the channel wants it.
    """
    chosen = choose(version_texts, language)
    if chosen is None:
        return Skipped(Reason.NO_LANGUAGE, f"There is no text for {language or 'everybody'}.")
    source = version_texts[chosen]
    try:
        text, filled, drafts = _rendered(source, context, policy, links)
    except VariableMissing as error:
        return _without(error, policy)
    except TemplateSyntax as error:
        return Stopped(error.text)
    except TemplateInvalid as error:
        return Skipped(Reason.FAILED, error.text)
    return _checked(Text(text, chosen, filled, drafts), policy)


def _rendered(
    source: str, context: Mapping[str, Any], policy: Policy, links: LinkOptions | None
) -> tuple[str, tuple[str, ...], tuple[Draft, ...]]:
    if links is None or not may_hold_links(source):
        text, filled = _filled(source, context, policy)
        return text, filled, ()
    drafts = Drafts(links)
    marked, written = source_of(source, links)
    text, filled = _filled(marked, {**context, SWITCH: True}, policy)
    return drafts.replace_in(text, written), filled, tuple(drafts.made)


def _filled(source: str, context: Mapping[str, Any], policy: Policy) -> tuple[str, tuple[str, ...]]:
    if policy.missing == MissingPolicy.FALLBACK:
        return render_filled(source, context, stand_in=policy.fallback_text)
    return render_text(source, context), ()


def _without(error: VariableMissing, policy: Policy) -> Outcome:
    name = error.param or ""
    if policy.missing == MissingPolicy.STOP:
        return Stopped(f"{name} has no value for this recipient.", name)
    return Skipped(Reason.MISSING, f"{name} has no value.", name)


def _checked(text: Text, policy: Policy) -> Outcome:
    if "\0" in text.text:
        text = Text(text.text.replace("\0", ""), text.language, text.filled, text.drafts)
    if not text.text.strip():
        return Skipped(Reason.EMPTY, "Nothing is left of the text for this recipient.")
    if len(text.text) > policy.limit:
        return Skipped(
            Reason.TOO_LONG,
            f"The text has {len(text.text):,} characters; at most {policy.limit:,} can be sent.",
        )
    return text
