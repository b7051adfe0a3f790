"""The payload editor's check of a sample: problems with their place, and what would be read by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import MappingInvalid
from core.templating import Problem
from webhooks.mapping import Mapping as Compiled
from webhooks.mapping import SampleFault
from webhooks.reading import INBOUND_VARIABLES, REPORT_VARIABLES, inbound_sample, report_sample

_LONGEST_SOURCE = 50_000


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sample: how it is read, its variables, what stands first in the preview."""

    read: Callable[[str], Compiled]
    variables: Mapping[str, str]
    picker: str
    title: str
    absent: Mapping[str, str]


_NO_TIME = "the time of arrival counts"
_ONLY_PARTS = "needed only with messageGroup"
KINDS: Mapping[str, Kind] = {
    "inbound": Kind(
        read=inbound_sample,
        variables=INBOUND_VARIABLES,
        picker="Inbound message",
        title="Read as a message from a person",
        absent={
            "inboundNumber": "the reply goes out from the first active channel configuration",
            "requestId": "the same number and text within ten minutes counts once",
            "originTimestamp": _NO_TIME,
            "messageGroup": "each callback is a whole message",
            "part": _ONLY_PARTS,
            "parts": _ONLY_PARTS,
        },
    ),
    "report": Kind(
        read=report_sample,
        variables=REPORT_VARIABLES,
        picker="Delivery report",
        title="Read as a delivery report",
        absent={
            "providerMessageId": "messages are found by client_reference only",
            "client_reference": "messages are found by providerMessageId only",
            "failureCode": "no error code is kept",
            "profileNumber": "the id alone tells which message is meant",
            "originTimestamp": _NO_TIME,
        },
    ),
}


def check(kind: Kind, source: str) -> dict[str, Any]:
    """The editor's answer: {"problems", "preview", "picker"}."""
    problems: list[dict[str, Any]] = []
    preview = ""
    try:
        if len(source) > _LONGEST_SOURCE:
            raise MappingInvalid("The sample is too long. Keep one event of it.")
        preview = _preview(kind, kind.read(source))
    except MappingInvalid as error:
        problems.append(_problem(source, error))
    return {"problems": problems, "preview": preview, "picker": _picker(kind)}


def place_of(source: str, error: MappingInvalid) -> Problem:
    """The fault with line and column, counted from 1."""
    index = min(error.index if isinstance(error, SampleFault) else 0, len(source))
    line = source.count("\n", 0, index) + 1
    return Problem(error.text, line, index - source.rfind("\n", 0, index))


def _problem(source: str, error: MappingInvalid) -> dict[str, Any]:
    found = place_of(source, error)
    return {
        "message": found.message,
        "line": found.line,
        "column": found.column,
        "hint": found.hint,
        "level": "error",
    }


def _preview(kind: Kind, sample: Compiled) -> str:
    lines = [kind.title]
    for name in kind.variables:
        if name in sample.places:
            lines.append(f'{name}: taken from "{sample.places[name]}"')
        else:
            lines.append(f"{name}: not in the sample, {kind.absent.get(name, 'not read')}")
    if any("[]" in place for place in sample.places.values()):
        lines.append("[] stands for each element of a list")
    return "\n".join(lines)


def _picker(kind: Kind) -> list[dict[str, Any]]:
    items = [
        {"label": name, "insert": f"{{{{{name}}}}}", "help": text} for name, text in kind.variables.items()
    ]
    return [{"label": kind.picker, "items": items}]
