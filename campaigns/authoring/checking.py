"""What is wrong with a text before it is saved: faults, unknown names, a text nobody can get."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from campaigns.authoring.rendering import Policy, Reason, Skipped, Stopped, render
from campaigns.models import MissingPolicy
from core.templating import Problem, check_text, suggestion
from core.templating.checks import variable_places
from core.templating.engine import TemplateSyntax
from core.templating.problems import problem_at

# What a message may name besides attributes; "context" is what an application sends along.
VARIABLES = frozenset({"toNumber", "fromNumber", "optOutUrl", "context", "now", "today"})
ERROR, WARNING = "error", "warning"
_NEAR = 0.9  # of the limit
# A function before `default` refuses the missing value before `default` is asked.
_LATE_DEFAULT = re.compile(r"\{\{-?\s*([\w.]+)\s*\|\s*(?!default\b)(\w+)[^{}]*\|\s*default\b")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its place (from 1) and whether it keeps the text from being saved."""

    message: str
    line: int = 1
    column: int = 1
    hint: str = ""
    level: str = ERROR


def check(source: str, *, attributes: Collection[str] = (), limit: int = 1500) -> tuple[Finding, ...]:
    """Errors, then warnings; `attributes` are variables of real profiles, empty when there are none to compare with."""
    if "\0" in source:
        index = source.index("\0")
        return (
            _found(
                problem_at(source, index, "Here is a NUL character, which no phone can show.", "Delete it.")
            ),
        )
    if not source.strip():
        return (Finding("The text is empty.", hint="Write what recipients shall read."),)
    errors = [_found(problem) for problem in check_text(source, known=VARIABLES)]
    if errors:
        return tuple(errors)
    return (*_trial(source, limit), *_late_defaults(source), *_unknown_attributes(source, attributes))


def _trial(source: str, limit: int) -> tuple[Finding, ...]:
    """Rendered for somebody without any attribute: what fails now fails for everybody."""
    context = {"toNumber": "+14155550123", "fromNumber": "12345", "optOutUrl": "https://x.example/optout/1"}
    outcome = render({"": source}, "", context, Policy(MissingPolicy.FALLBACK, "", limit))
    if isinstance(outcome, Stopped):
        return (Finding(outcome.problem),)
    if isinstance(outcome, Skipped):
        if outcome.reason in (Reason.FAILED, Reason.TOO_LONG):
            return (Finding(outcome.detail),)
        return ()
    if len(outcome.text) > limit * _NEAR:
        near = f"Without personalisation the text has {len(outcome.text):,} characters already; {limit:,} is the limit."
        return (Finding(near, level=WARNING),)
    return ()


def _late_defaults(source: str) -> list[Finding]:
    found = []
    for place in _LATE_DEFAULT.finditer(source):
        path, function = place.groups()
        told = f"Where {path} is missing, default comes too late: {function} has nothing to work on."
        hint = f"Write it first: {{{{ {path} | default: 'friend' | {function} }}}}."
        found.append(_found(problem_at(source, place.start(), told, hint), WARNING))
    return found


def _unknown_attributes(source: str, attributes: Collection[str]) -> list[Finding]:
    if not attributes:
        return []
    unseen = [
        (path, index)
        for path, index in _places(source)
        if path.startswith("profile.") and not _is_seen(path, attributes)
    ]
    return [
        _found(
            problem_at(
                source,
                index,
                f"No profile looked at has {path.removeprefix('profile.')}.",
                suggestion(path, attributes),
            ),
            WARNING,
        )
        for path, index in unseen
    ]


def _places(source: str) -> tuple[tuple[str, int], ...]:
    try:
        return variable_places(source)
    except TemplateSyntax:
        return ()


def _is_seen(path: str, attributes: Collection[str]) -> bool:
    """A property of a value, such as profile.tags.size, counts as the value."""
    return path in attributes or path.rpartition(".")[0] in attributes


def _found(problem: Problem, level: str = ERROR) -> Finding:
    return Finding(problem.message, problem.line, problem.column, problem.hint, level)
