"""The reader of one webhook: bytes to a tree, rows by its mappings, rules, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from requests.structures import CaseInsensitiveDict

from core.errors import PayloadUnreadable
from core.text import clean
from core.value_paths import Document
from webhooks.bodies import read_body
from webhooks.bodies.charsets import charset_of
from webhooks.mapping import FieldFault, Row
from webhooks.mapping import Mapping as Compiled
from webhooks.moments import read_moment
from webhooks.reading.events import Event, Ignored, InboundText, OptOut, Refused, StatusReport
from webhooks.reading.rules import Rules
from webhooks.reading.variables import inbound_mapping, opt_out_mapping, report_mapping
from webhooks.spec import CallbackRule, MappingSpec, WebhookSpec
from webhooks.statuses import StatusTable

LONGEST_VALUE: Final = 255  # characters of an id, a number, a status, a code
MOST_PARTS: Final = 255
_NO_HEADERS: Final[Mapping[str, str]] = CaseInsensitiveDict()


@dataclass(slots=True)
class _Fit:
    """A row that is one event of a kind; `rule` decided so, None: it only looks like one."""

    row: Row
    rule: CallbackRule | None
    event: Event


class InboundReader:
    """Reads callbacks by a webhook's spec, compiled once. Raises MappingInvalid when it can never work."""

    def __init__(self, spec: WebhookSpec, statuses: StatusTable | None = None) -> None:
        """`statuses`: the words of the spec with those of the operator and of staff; the spec's own without."""
        self._body = spec.body
        self._rules = Rules(spec.rules)
        self._only_ours = spec.inbound.only_ours
        self._statuses = statuses or StatusTable(spec.statuses)
        paths = self._rules.paths
        needs_status = not any(rule.status for rule in spec.rules)
        self._inbound = inbound_mapping(spec.inbound, tested=paths)
        self._report = report_mapping(spec.report, tested=paths, needs_status=needs_status)
        self._opt_out = opt_out_mapping(spec.opt_out, tested=paths)

    @classmethod
    def by_example(cls, inbound: str, report: str, words: Mapping[str, str] | None = None) -> InboundReader:
        """Of two samples and the operator's status words in `status_key` form; a blank sample reads nothing."""
        spec = WebhookSpec(inbound=MappingSpec(inbound), report=MappingSpec(report))
        return cls(spec, StatusTable(spec.statuses, words or {}))

    def read(
        self,
        content_type: str,
        query: str,
        body: bytes,
        *,
        role: str = "",
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> list[Event]:
        """The events of one callback, at least one; raises PayloadUnreadable or BodyTooDeep, nothing else."""
        tree = read_body(content_type=content_type, query=query, body=body, spec=self._body)

        def document() -> Document:
            return Document(body, headers, charset=charset_of(content_type) or "utf-8")

        reading = _Reading(role, self._rules)
        inbound = self._inbound.rows(tree, document)
        reports = self._report.rows(tree, document)
        texts = [fit for row in inbound if (fit := self._text(row, reading))]
        statuses = [fit for row in reports if (fit := self._status(row, reading))]
        fits = [fit for fit in texts if not _beaten(fit, statuses, on_tie=False)]
        fits += [fit for fit in statuses if not _beaten(fit, texts, on_tie=True)]
        if self._opt_out.variables:
            rows = self._opt_out.rows(tree, document)
            fits += [fit for row in rows if (fit := self._opted_out(row, reading, self._opt_out))]
        events = [fit.event for fit in fits]
        events += [event for place, event in reading.others.items() if not _covered(place, fits)]
        events += [
            Refused(text) for place, text in reading.misfits.items() if place and not _covered(place, fits)
        ]
        if any(not isinstance(event, Refused) for event in events):
            return events
        if not events and any(row.empty for row in (*inbound, *reports)):
            return [Ignored("The list of events is empty.")]
        if events:
            return events
        raise PayloadUnreadable(self._misfit(inbound, reports, reading))

    def meaning(self, word: str) -> str | None:
        """What a status word means here, None when nobody has said so."""
        return self._statuses.meaning(word)

    def _text(self, row: Row, reading: _Reading) -> _Fit | None:
        rule = reading.rule_for(row, self._inbound)
        if rule is not None and rule.take == "opt_out" and not self._opt_out.variables:
            return self._opted_out(row, reading, self._inbound, rule)
        if not reading.may_be(rule, "message") or not self._inbound.variables:
            return None
        try:
            number, text = (
                self._inbound.value(row, "profileNumber"),
                self._inbound.value(row, "inboundMessage"),
            )
        except FieldFault as fault:
            reading.misfit(row, self._inbound, fault.text)
            return None
        if text is None or number is None or not number.strip():
            reading.misfit(row, self._inbound, "")
            return None
        try:
            event: Event = self._text_event(row, number, text)
        except FieldFault as fault:
            event = Refused(f"As a message it cannot be taken: {fault.text}.")
        return _Fit(row, rule, event)

    def _text_event(self, row: Row, number: str, text: str) -> InboundText:
        parts = _count(_short(self._inbound, row, "parts"))
        part = _count(_short(self._inbound, row, "part"))
        group = _short(self._inbound, row, "messageGroup")
        if group and not 1 <= part <= parts <= MOST_PARTS:
            raise FieldFault(f"part {part} of {parts} does not exist")
        return InboundText(
            number=_trimmed(number),
            recipient=_short(self._inbound, row, "inboundNumber"),
            text=clean(text),
            provider_id=_short(self._inbound, row, "requestId"),
            occurred_at=read_moment(_short(self._inbound, row, "originTimestamp")),
            group=group if parts > 1 else "",
            part=part if group and parts > 1 else 0,
            parts=parts if group and parts > 1 else 0,
            only_ours=self._only_ours,
        )

    def _status(self, row: Row, reading: _Reading) -> _Fit | None:
        rule = reading.rule_for(row, self._report)
        if not reading.may_be(rule, "report") or not self._report.variables:
            return None
        report = self._report
        try:
            theirs, ours = _short(report, row, "providerMessageId"), _short(report, row, "client_reference")
            word = _short(report, row, "feedbackStatus")
        except FieldFault as fault:
            reading.misfit(row, report, fault.text)
            return None
        fixed = rule.status if rule else ""
        if not (theirs or ours) or not (word or fixed):
            reading.misfit(row, report, "")
            return None
        try:
            event: Event = self._report_event(row, theirs, ours, word, fixed)
        except FieldFault as fault:
            event = Refused(f"As a report it cannot be taken: {fault.text}.")
        return _Fit(row, rule, event)

    def _report_event(self, row: Row, theirs: str, ours: str, word: str, fixed: str) -> StatusReport:
        status = fixed or self._statuses.meaning(word)
        return StatusReport(
            provider_id=theirs,
            client_reference=ours,
            raw_status=word or fixed,
            status=status or "",
            known=status is not None,
            code=_short(self._report, row, "failureCode"),
            number=_short(self._report, row, "profileNumber"),
            occurred_at=read_moment(_short(self._report, row, "originTimestamp")),
        )

    def _opted_out(
        self, row: Row, reading: _Reading, mapping: Compiled, rule: CallbackRule | None = None
    ) -> _Fit | None:
        rule = rule or reading.rule_for(row, mapping)
        if rule is None or rule.take != "opt_out":
            return None
        try:
            number = _short(mapping, row, "profileNumber")
            if not number:
                reading.misfit(row, mapping, "")
                return None
            event = OptOut(
                number=number,
                recipient=_short(mapping, row, "inboundNumber"),
                text=clean(mapping.value(row, "inboundMessage") or ""),
                provider_id=_short(mapping, row, "requestId"),
                occurred_at=read_moment(_short(mapping, row, "originTimestamp")),
            )
        except FieldFault as fault:
            reading.misfit(row, mapping, fault.text)
            return None
        return _Fit(row, rule, event)

    def _misfit(self, inbound: list[Row], reports: list[Row], reading: _Reading) -> str:
        if told := " ".join(dict.fromkeys(text for text in reading.misfits.values() if text)):
            return f"The callback cannot be taken: {told}"
        parts = ["The callback fits neither sample."]
        if self._inbound.variables:
            parts.append(_missing("message", self._inbound, inbound, ("inboundMessage", "profileNumber")))
        if self._report.variables:
            needed = ("feedbackStatus", "providerMessageId", "client_reference")
            parts.append(_missing("report", self._report, reports, needed))
        return " ".join(parts)


class _Reading:
    """What the rules say of one callback, and what was left over."""

    def __init__(self, role: str, rules: Rules) -> None:
        self._role = role
        self._rules = rules
        self.others: dict[tuple[tuple[str, int], ...], Event] = {}
        self.misfits: dict[tuple[tuple[str, int], ...], str] = {}

    def rule_for(self, row: Row, mapping: Compiled) -> CallbackRule | None:
        """The rule that decides for the row; what it ignores or refuses is kept as an event."""
        if not self._rules:
            return None
        rule = self._rules.first_fit(self._role, row, mapping.slots)
        if rule is not None and rule.take in _OTHERS:
            self.others.setdefault(row.place, _OTHERS[rule.take](_told(rule)))
        return rule

    def may_be(self, rule: CallbackRule | None, take: str) -> bool:
        """Whether the rule leaves this kind open."""
        return rule is None or rule.take == take

    def misfit(self, row: Row, mapping: Compiled, text: str) -> None:
        """Remember why the row is no event of the mapping's kind."""
        if mapping.holds_any(row):
            told = f"{text}." if text else ""
            if told or row.place not in self.misfits:
                self.misfits[row.place] = told or self.misfits.get(row.place, "")


_OTHERS: Final[Mapping[str, type[Ignored] | type[Refused]]] = {"ignore": Ignored, "refuse": Refused}


def _told(rule: CallbackRule) -> str:
    what = f"{rule.path} {rule.test} {', '.join(rule.values)}".strip() if rule.path else "always"
    return f"A rule of the webhook says {rule.take}: {what}."[:300]


def _covered(place: tuple[tuple[str, int], ...], fits: list[_Fit]) -> bool:
    """Whether an event was read at the same part of the callback."""
    return any(
        fit.row.place[: len(place)] == place or place[: len(fit.row.place)] == fit.row.place for fit in fits
    )


def _beaten(fit: _Fit, others: list[_Fit], *, on_tie: bool) -> bool:
    """Whether the other kind fits the same part of the callback better; texts win ties: one may be a STOP."""
    if fit.rule is not None:
        return False
    row = fit.row
    rivals = (
        other.row for other in others if other.row.place == row.place or not other.row.place or not row.place
    )
    return any(
        other.likeness > row.likeness or (on_tie and other.likeness == row.likeness) for other in rivals
    )


def _short(mapping: Compiled, row: Row, name: str) -> str:
    return _trimmed(mapping.value(row, name) or "")


def _trimmed(text: str) -> str:
    return clean(text).strip()[:LONGEST_VALUE]


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _missing(kind: str, mapping: Compiled, rows: list[Row], needed: tuple[str, ...]) -> str:
    found = frozenset(name for row in rows for name in needed if _has(mapping, row, name))
    places = [f'"{mapping.places[name]}"' for name in needed if name in mapping.places and name not in found]
    if not places:
        return f"As a {kind} its parts do not belong together."
    return f"As a {kind} it lacks {', '.join(places)}."


def _has(mapping: Compiled, row: Row, name: str) -> bool:
    try:
        return bool((mapping.value(row, name) or "").strip())
    except FieldFault:
        return False
