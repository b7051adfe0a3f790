"""From a provider's raw callback to events, by the operator's samples. Pure: no Django, no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import MappingInvalid, PayloadUnreadable
from webhooks.bodies import read_body
from webhooks.mapping import Row, Sample
from webhooks.moments import read_moment
from webhooks.statuses import DEFAULT_STATUS_MAP, status_key

LONGEST_VALUE = 255  # characters of an id, a number, a status, a code

INBOUND_VARIABLES: Mapping[str, str] = {
    "inboundMessage": "Text of the message (required)",
    "profileNumber": "Number of the person who wrote it (required)",
    "inboundNumber": "Number it was sent to: yours",
    "requestId": "The provider's id of the message; the same id twice counts once",
    "originTimestamp": "When it was written",
}
REPORT_VARIABLES: Mapping[str, str] = {
    "feedbackStatus": "The provider's word for what became of the message (required)",
    "providerMessageId": "The provider's id of the message (this or client_reference is required)",
    "client_reference": "Our message id, given back by the provider",
    "failureCode": "Error code, when it failed",
    "profileNumber": "Number of the recipient",
    "originTimestamp": "When it happened",
}


@dataclass(frozen=True, slots=True)
class InboundText:
    """A message from a person; numbers as the provider wrote them, `occurred_at` aware UTC."""

    number: str
    recipient: str
    text: str
    provider_id: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of a message; `status` is ours, "" for no progress; unknown words have `known` False."""

    provider_id: str
    client_reference: str
    raw_status: str
    status: str
    known: bool
    code: str
    number: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of the callback that holds nothing for us."""

    reason: str


Event = InboundText | StatusReport | Ignored


class InboundReader:
    """Reads callbacks by two samples; a blank sample reads nothing of its kind. Raises MappingInvalid."""

    def __init__(
        self, inbound_mapping: str, report_mapping: str, status_map: Mapping[str, str] | None = None
    ) -> None:
        """`status_map`: the operator's status words in `status_key` form; they win over the defaults."""
        self._inbound = inbound_sample(inbound_mapping) if inbound_mapping.strip() else None
        self._report = report_sample(report_mapping) if report_mapping.strip() else None
        self._statuses = {**DEFAULT_STATUS_MAP, **(status_map or {})}

    def read(self, content_type: str, query: str, body: bytes) -> list[Event]:
        """The events of one callback, at least one; raises PayloadUnreadable or BodyTooDeep, nothing else."""
        value = read_body(content_type=content_type, query=query, body=body)
        inbound = self._inbound.rows(value) if self._inbound else []
        reports = self._report.rows(value) if self._report else []
        texts = [row for row in inbound if _is_text(row)]
        statuses = [row for row in reports if _is_report(row)]
        events: list[Event] = [_text_event(row) for row in texts if not _beaten(row, statuses, on_tie=False)]
        events += [self._report_event(row) for row in statuses if not _beaten(row, texts, on_tie=True)]
        if events:
            return events
        if any(row.empty for row in (*inbound, *reports)):
            return [Ignored("The list of events is empty.")]
        raise PayloadUnreadable(self._misfit(inbound, reports))

    def _report_event(self, row: Row) -> StatusReport:
        raw = _value(row, "feedbackStatus")
        status = self._statuses.get(status_key(raw))
        return StatusReport(
            provider_id=_value(row, "providerMessageId"),
            client_reference=_value(row, "client_reference"),
            raw_status=raw,
            status=status or "",
            known=status is not None,
            code=_value(row, "failureCode"),
            number=_value(row, "profileNumber"),
            occurred_at=read_moment(_value(row, "originTimestamp")),
        )

    def _misfit(self, inbound: list[Row], reports: list[Row]) -> str:
        parts = ["The callback fits neither sample."]
        if self._inbound:
            parts.append(_missing("message", self._inbound, inbound, ("inboundMessage", "profileNumber")))
        if self._report:
            needed = ("feedbackStatus", "providerMessageId", "client_reference")
            parts.append(_missing("report", self._report, reports, needed))
        return " ".join(parts)


def inbound_sample(source: str) -> Sample:
    """The sample of an inbound message; MappingInvalid unless it shows the text and the number."""
    sample = Sample(source, known=INBOUND_VARIABLES)
    for name in ("inboundMessage", "profileNumber"):
        if name not in sample.variables:
            raise MappingInvalid(f"Put {{{{{name}}}}} into the inbound sample where the provider writes it.")
    return sample


def report_sample(source: str) -> Sample:
    """The sample of a delivery report; MappingInvalid unless it shows the status and an id."""
    sample = Sample(source, known=REPORT_VARIABLES)
    if "feedbackStatus" not in sample.variables:
        raise MappingInvalid(
            "Put {{feedbackStatus}} into the delivery report sample where the status stands."
        )
    if not sample.variables & {"providerMessageId", "client_reference"}:
        raise MappingInvalid(
            "Put {{providerMessageId}} or {{client_reference}} into the report sample where the id stands."
        )
    return sample


def _is_text(row: Row) -> bool:
    return "inboundMessage" in row.values and bool(_value(row, "profileNumber"))


def _is_report(row: Row) -> bool:
    has_id = _value(row, "providerMessageId") or _value(row, "client_reference")
    return bool(has_id and _value(row, "feedbackStatus"))


def _beaten(row: Row, others: list[Row], *, on_tie: bool) -> bool:
    """Whether the other kind fits the same part of the callback better; texts win ties: one may be a STOP."""
    rivals = (other for other in others if other.place == row.place or not other.place or not row.place)
    return any(
        other.likeness > row.likeness or (on_tie and other.likeness == row.likeness) for other in rivals
    )


def _text_event(row: Row) -> InboundText:
    return InboundText(
        number=_value(row, "profileNumber"),
        recipient=_value(row, "inboundNumber"),
        text=row.values["inboundMessage"],
        provider_id=_value(row, "requestId"),
        occurred_at=read_moment(_value(row, "originTimestamp")),
    )


def _value(row: Row, name: str) -> str:
    return row.values.get(name, "").strip()[:LONGEST_VALUE]


def _missing(kind: str, sample: Sample, rows: list[Row], needed: tuple[str, ...]) -> str:
    found = frozenset(name for row in rows for name, value in row.values.items() if value.strip())
    places = [f'"{sample.places[name]}"' for name in needed if name in sample.places and name not in found]
    if not places:
        return f"As a {kind} its parts do not belong together."
    return f"As a {kind} it lacks {', '.join(places)}."
