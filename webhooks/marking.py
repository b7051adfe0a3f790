"""Mapping by clicking: a callback as lines to click on, and the sample that the clicked places make. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.errors import GatewayError, MappingInvalid
from webhooks.mapping.example import marks_of
from webhooks.mapping.places import text_of
from webhooks.reading import VARIABLES, inbound_mapping, opt_out_mapping, report_mapping
from webhooks.spec import MappingSpec

FIXED: Final = "fixed"  # a value that tells one kind of callback from another
MOST_LINES: Final = 400
_DEEPEST: Final = 30
# Names under which providers say what a callback is; their values are kept in a new sample.
_TELLING: Final = frozenset(
    {"type", "event", "eventtype", "event_type", "kind", "message_type", "messagetype"}
)

# The choices of each kind, in the order of the menu.
CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "inbound": {
        "inboundMessage": "Message text",
        "profileNumber": "Sender: who wrote",
        "inboundNumber": "Recipient: your number",
        "requestId": "Provider's id",
        "originTimestamp": "Time",
        "messageGroup": "Id of a long message",
        "part": "Part number",
        "parts": "Number of parts",
    },
    "report": {
        "feedbackStatus": "Status",
        "providerMessageId": "Provider's id",
        "client_reference": "Our message id",
        "failureCode": "Error code",
        "profileNumber": "Recipient",
        "originTimestamp": "Time",
    },
    "opt_out": {
        "profileNumber": "Who opted out",
        "inboundNumber": "Your number",
        "inboundMessage": "Message text",
        "requestId": "Provider's id",
        "originTimestamp": "Time",
    },
}
_READS: Final[Mapping[str, Callable[[MappingSpec], object]]] = {
    "inbound": inbound_mapping, "report": report_mapping, "opt_out": opt_out_mapping,
}  # fmt: skip
FIXED_LABEL: Final = "Fixed: tells this kind apart"

Place = tuple[str, ...]  # names of members from the top; a list on the way means each element


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the tree: a value to click on, or, where `value` is None, what is inside."""

    label: str
    depth: int
    place: Place
    value: str | None = None
    is_element: bool = False

    @property
    def key(self) -> str:
        """The place as text, for forms and scripts."""
        return json.dumps(self.place)


def lines_of(tree: Any) -> list[Line]:
    """Every value of a callback with its place, at most MOST_LINES."""
    found: list[Line] = []
    for line in _lines(tree, (), "", 0):
        found.append(line)
        if len(found) == MOST_LINES:
            break
    return found


def suggested(tree: Any) -> dict[Place, str]:
    """What is marked from the start: values under a name that tells what a callback is."""
    return {
        line.place: FIXED
        for line in lines_of(tree)
        if line.value and line.place and line.place[-1].casefold() in _TELLING
    }


def marked_in(sample: str, kind: str) -> dict[Place, str]:
    """The places a sample marks; none when it cannot be read."""
    try:
        marks = marks_of(sample, known=VARIABLES[kind]) if sample.strip() else []
    except MappingInvalid:
        return {}
    return {tuple(str(step.key) for step in mark.steps): mark.variable or FIXED for mark in marks}


def read_marks(text: str, kind: str) -> dict[Place, str]:
    """Marks as the page posts them, {place as JSON: variable}; what is not known is left out."""
    try:
        posted = json.loads(text or "{}")
        pairs = [(json.loads(place), name) for place, name in posted.items()]
    except (ValueError, RecursionError, AttributeError, TypeError):
        return {}
    known = {*CHOICES[kind], FIXED}
    return {
        tuple(map(str, place)): name
        for place, name in pairs
        if isinstance(place, list) and place and isinstance(name, str) and name in known
    }


def sample_of(tree: Any, marks: Mapping[Place, str]) -> str:
    """The sample that these marks make of a callback: its shape, with nothing but what was marked."""
    kept = _kept(tree, (), marks)
    return "" if kept is None else json.dumps(kept, indent=2, ensure_ascii=False)


def check(sample: str, kind: str) -> str:
    """What is still missing in a sample, "" when it can be used."""
    if not sample:
        return "Nothing is marked yet. Click the values that you need."
    try:
        _READS[kind](MappingSpec(sample))
    except GatewayError as error:
        return error.text
    return ""


def _lines(value: Any, place: Place, label: str, depth: int) -> Iterator[Line]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        if label:
            yield Line(label, depth, place)
        inner = depth + 1 if label else depth
        for name, part in value.items():
            yield from _lines(part, (*place, str(name)), str(name), inner)
    elif isinstance(value, list):
        if label:
            yield Line(label, depth, place)
        inner = depth + 1 if label else depth
        for number, part in enumerate(value, 1):
            if isinstance(part, dict | list):
                yield Line(f"Element {number}", inner, place, is_element=True)
                yield from _lines(part, place, "", inner + 1)
            else:
                yield Line(f"Element {number}", inner, place, text_of(part) or "", is_element=True)
    else:
        yield Line(label or "Body", depth, place, text_of(value) or "")


def _kept(value: Any, place: Place, marks: Mapping[Place, str]) -> Any:
    """The part of a callback that is marked, with variables in it; None for nothing."""
    if isinstance(value, dict):
        parts = {name: _kept(part, (*place, str(name)), marks) for name, part in value.items()}
        found = {name: part for name, part in parts.items() if part is not None}
        return found or None
    if isinstance(value, list):
        # One element stands for each: what is marked in any of them.
        merged: Any = None
        for part in value:
            merged = _merged(merged, _kept(part, place, marks))
        return None if merged is None else [merged]
    name = marks.get(place)
    if name is None:
        return None
    return (text_of(value) or "") if name == FIXED else f"{{{{{name}}}}}"


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {**other, **{name: _merged(part, other.get(name)) for name, part in one.items()}}
    return other if one is None else one
