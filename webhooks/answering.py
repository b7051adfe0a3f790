"""A webhook's answers made ready: the most special one that fits what came. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from core.errors import GatewayError, MappingInvalid
from core.templating import check_text, render_text
from webhooks.answers import REFUSED, TAKEN, Answer
from webhooks.reading import Event, InboundText, OptOut, Refused, StatusReport
from webhooks.spec import AnswerSpec

WHEN: Final = ("always", "message", "report", "opt_out", "error", "refused")
_KINDS: Final[Mapping[type, str]] = {InboundText: "message", StatusReport: "report", OptOut: "opt_out"}
# Attribute of an event -> the variable of an answer.
_VARIABLES: Final[Mapping[str, str]] = {
    "number": "profileNumber",
    "recipient": "inboundNumber",
    "text": "inboundMessage",
    "provider_id": "requestId",
    "client_reference": "client_reference",
    "raw_status": "feedbackStatus",
    "code": "failureCode",
}
KNOWN: Final = frozenset(_VARIABLES.values())


@dataclass(frozen=True, slots=True)
class _Ready:
    """An answer; `template` is "" when its body is the same for all."""

    answer: Answer
    template: str


class Answers:
    """What a provider gets back; MappingInvalid when an answer can never be given."""

    def __init__(self, specs: Sequence[AnswerSpec] = ()) -> None:
        self._ready = {spec.when: _ready(spec) for spec in specs}

    @property
    def refused(self) -> Answer:
        """For a call that is not genuine."""
        found = self._ready.get("refused")
        return found.answer if found else REFUSED

    @property
    def unreadable(self) -> Answer:
        """For a call that was kept for staff to look at."""
        found = self._ready.get("error") or self._ready.get("always")
        return _rendered(found, {}) if found else TAKEN

    def to(self, events: Sequence[Event]) -> Answer:
        """For what was read."""
        event = next((event for event in events if type(event) in _KINDS), None)
        if event is None:
            only_refused = events and all(isinstance(event, Refused) for event in events)
            return self.unreadable if only_refused else self._of("always", {})
        return self._of(_KINDS[type(event)], _values(event))

    def _of(self, kind: str, values: Mapping[str, Any]) -> Answer:
        found = self._ready.get(kind) or self._ready.get("always")
        return _rendered(found, values) if found else TAKEN


def _ready(spec: AnswerSpec) -> _Ready:
    if spec.when not in WHEN:
        raise MappingInvalid(f"The answer {spec.when!r} is not known. Use {', '.join(WHEN)}.")
    if not 200 <= spec.status <= 599 or (spec.status >= 300 and spec.when not in ("error", "refused")):
        raise MappingInvalid(f"The answer cannot have the status {spec.status}. Write one from 200 to 299.")
    if not spec.content_type.isascii() or not spec.content_type.isprintable():
        raise MappingInvalid("The content type of the answer has signs that a header cannot have.")
    is_template = "{{" in spec.body or "{%" in spec.body
    if is_template and (problems := check_text(spec.body, known=KNOWN)):
        raise MappingInvalid(f"The answer: {problems[0]}")
    answer = Answer(spec.status, spec.body, spec.content_type or TAKEN.content_type)
    return _Ready(answer, spec.body if is_template else "")


def _rendered(ready: _Ready, values: Mapping[str, Any]) -> Answer:
    if not ready.template:
        return ready.answer
    try:
        body = render_text(ready.template, {**dict.fromkeys(KNOWN, ""), **values})
    except GatewayError:  # what was received cannot be put in: the provider still gets its answer
        body = ""
    return Answer(ready.answer.status, body, ready.answer.content_type)


def _values(event: Event) -> dict[str, str]:
    names = {field.name for field in fields(event)}
    return {variable: str(getattr(event, name)) for name, variable in _VARIABLES.items() if name in names}
