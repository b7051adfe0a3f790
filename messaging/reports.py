"""Delivery reports applied to messages. A part's rank only rises; a report nobody knows yet is parked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from core.bulk import InsertWhere, update_rows
from core.clock import now
from core.compiled import Compiled
from messaging import consequences, events, usual_reports
from messaging.matching import Found, Report, find, moves, reference
from messaging.models import LONGEST_PROVIDER_ID, Message, MessageEvent, MessagePart, ParkedReport
from messaging.states import (
    REPORTED_PART,
    TRANSITIONS,
    UNDER_WAY,
    PartState,
    Reason,
    State,
    message_state_of,
)

__all__ = [
    "PARKED_FOR",
    "Report",
    "ReportResult",
    "addressee_of",
    "apply_report",
    "can_be_ours",
    "forget_parked",
    "match_all_parked",
    "match_parked",
    "retry_parked",
]

PARKED_FOR = timedelta(hours=72)


class ReportResult(StrEnum):
    """What became of a report."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    NOTED = "noted"
    PARKED = "parked"


def apply_report(*, credential_id: uuid.UUID, report: Report) -> ReportResult:
    """Move the reported part and its message; park the report when the message is not known as sent yet."""
    if apply_usual(credential_id=credential_id, report=report):
        return ReportResult.APPLIED
    with transaction.atomic(savepoint=False):
        _note_consequences(credential_id, report)
        found = find(credential_id, report)
        if found is None or found.message_state in UNDER_WAY:
            _park(credential_id, report, found)
            return ReportResult.PARKED
        return _apply(found, credential_id, report)


def can_be_ours(report: Report) -> bool:
    """Whether a message may have these ids: one of the provider's, or one in the form of ours."""
    return bool(report.provider_id) or reference(report.message_id)[0] is not None


def addressee_of(*, credential_id: uuid.UUID, report: Report) -> tuple[str, str]:
    """Number and sender of the message that is meant; ("", "") when it is not known."""
    found = find(credential_id, report, lock=False)
    row = Message.objects.filter(pk=found.message_id).values_list("msisdn", "sender") if found else ()
    return next(iter(row), ("", ""))


def apply_usual(*, credential_id: uuid.UUID, report: Report, along: InsertWhere | None = None) -> bool:
    """Apply the report if that takes no decision: one part, known by the provider's id, moving up; False if not so.

    `along` is written in the same statement, if the report is applied.
    """
    wanted = None if report.status in _NOTED else REPORTED_PART.get(report.status)
    if wanted is None or not report.provider_id or connection.vendor != "postgresql":
        return False
    if _tells_of_the_person(report):
        return False
    return usual_reports.apply(
        credential_id=credential_id,
        provider_id=report.provider_id[:LONGEST_PROVIDER_ID],
        recipient=report.recipient,
        reported=wanted,
        words=_words(report),
        at=now(),
        along=along,
    )


_ANY_PARKED = Compiled(lambda: ParkedReport.objects.order_by().values_list("id")[:1])


def match_parked(messages: Iterable[Message]) -> None:
    """Apply the reports that came before these messages were known as accepted."""
    ids = [message.id for message in messages]
    if ids and _ANY_PARKED.rows():
        theirs = MessagePart.objects.filter(message_id__in=ids).exclude(provider_id="").values("provider_id")
        for parked in ParkedReport.objects.filter(Q(message_id__in=ids) | Q(provider_id__in=theirs)):
            retry_parked(parked)


def match_all_parked(limit: int) -> int:
    """Apply parked reports whose message is known by now; gives how many."""
    known_part = MessagePart.objects.filter(
        provider_id=OuterRef("provider_id"), message__credential_id=OuterRef("credential_id")
    ).exclude(Q(provider_id="") | Q(message__state__in=UNDER_WAY))
    known_message = Message.objects.filter(
        id=OuterRef("message_id"), credential_id=OuterRef("credential_id")
    ).exclude(state__in=UNDER_WAY)
    ready = ParkedReport.objects.filter(Exists(known_part) | Exists(known_message)).order_by("id")[:limit]
    return sum(retry_parked(parked) != ReportResult.PARKED for parked in ready)


def retry_parked(parked: ParkedReport) -> ReportResult:
    """Try a parked report again; it goes once it has been applied."""
    report = Report(**parked.report)
    with transaction.atomic():
        _note_consequences(parked.credential_id, report)
        found = find(parked.credential_id, report)
        if found is None or found.message_state in UNDER_WAY:
            return ReportResult.PARKED
        ParkedReport.objects.filter(id=parked.id).delete()
        return _apply(found, parked.credential_id, report)


def _note_consequences(credential_id: uuid.UUID, report: Report) -> None:
    """What the code of a bad report says about the person; before the message is locked, and once per message."""
    if not _tells_of_the_person(report):
        return
    message = consequences.find(
        credential_id=credential_id,
        provider_id=report.provider_id[:LONGEST_PROVIDER_ID],
        message_id=reference(report.message_id)[0],
    )
    if message is not None:
        consequences.of_report(message, code=report.code)


def _tells_of_the_person(report: Report) -> bool:
    """Whether a report may have to do with more than its message: a bad one whose code may mean "opted out"."""
    reported = REPORTED_PART.get(report.status)
    return bool(report.code) and reported in (PartState.UNDELIVERED, PartState.EXPIRED)


def _park(credential_id: uuid.UUID, report: Report, found: Found | None) -> None:
    ParkedReport.objects.create(
        credential_id=credential_id,
        provider_id=report.provider_id[:LONGEST_PROVIDER_ID],
        # Our own ids are known before a provider sees them: one that is not known never will be.
        message_id=found.message_id if found else None,
        report=asdict(report),
    )


def _apply(found: Found, credential_id: uuid.UUID, report: Report) -> ReportResult:
    if report.status in _NOTED and not moves(found.part_state, report):
        return _note(found, report)
    if not moves(found.part_state, report):
        return ReportResult.UNCHANGED
    wanted = REPORTED_PART[report.status]
    change = {
        "id": found.part_id,
        "state": wanted,
        "provider_id": found.part_provider_id or report.provider_id[:LONGEST_PROVIDER_ID],
    }
    # Only the message is locked: a part that moved while we waited for the lock is looked at again.
    if not update_rows(MessagePart, [change], where=f"t.state = '{PartState(found.part_state)}'"):
        again = find(credential_id, report)
        return _apply(again, credential_id, report) if again else ReportResult.UNCHANGED
    _move(found, message_state_of(_states_of_parts(found, wanted)), report)
    return ReportResult.APPLIED


# Statuses that are worth a line in the history even where no state changes -> its reason.
_NOTED: Mapping[str, str] = {"read": "read", "temporary": Reason.TEMPORARY.value}


def _note(found: Found, report: Report) -> ReportResult:
    """Put the report into the message's history, once; a final message has nothing temporary to tell."""
    reason, state = _NOTED[report.status], found.message_state
    wanted = (State.DELIVERED,) if reason == "read" else (State.ACCEPTED, State.SENT, State.UNKNOWN)
    detail = _words(report)
    known = MessageEvent.objects.filter(message_id=found.message_id, reason=reason, detail=detail)
    if state not in wanted or known.exists():
        return ReportResult.UNCHANGED
    events.record([found.message_id], before=state, after=state, reason=reason, detail=detail)
    return ReportResult.NOTED


def _states_of_parts(found: Found, reported: PartState) -> list[str]:
    if found.part_count == 1:
        return [reported]
    return list(MessagePart.objects.filter(message_id=found.message_id).values_list("state", flat=True))


def _move(found: Found, after: State, report: Report) -> None:
    if after == found.message_state or after not in TRANSITIONS[found.message_state]:
        return
    moment = now()
    theirs = report.provider_id[:LONGEST_PROVIDER_ID] if found.part_number == 1 else ""
    is_good = after in (State.ACCEPTED, State.SENT, State.DELIVERED)
    change = {
        "id": found.message_id,
        "state": after,
        "provider_id": found.message_provider_id or theirs,
        "reason": "" if is_good else Reason.REPORT,
        "detail": _words(report),
        "finished_at": None if after in (State.ACCEPTED, State.SENT) else moment,
    }
    if not found.was_accepted:
        change["accepted_at"] = moment
    update_rows(Message, [change])
    events.record(
        [found.message_id],
        before=found.message_state,
        after=after,
        reason=_NOTED.get(report.status, Reason.REPORT.value),
        detail=_words(report),
        at=moment,
    )


def _words(report: Report) -> str:
    return " ".join(filter(None, (report.raw_status, report.code, report.detail)))[:500]


def forget_parked(*, older_than: datetime) -> int:
    """Drop parked reports nobody claimed in time."""
    return ParkedReport.objects.filter(received_at__lt=older_than).delete()[0]
