"""Delivery reports applied to messages. A part's rank only rises; a report nobody knows yet is parked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from core.clock import now
from messaging import events
from messaging.models import Message, MessagePart, ParkedReport
from messaging.states import (
    PART_RANK,
    REPORTED_PART,
    TRANSITIONS,
    UNDER_WAY,
    PartState,
    Reason,
    State,
    message_state_of,
)

PARKED_FOR = timedelta(hours=72)


@dataclass(frozen=True)
class Report:
    """What a provider says about a message: found by `provider_id` (theirs) or `message_id` (ours).

    `status` is accepted, sent, delivered, undelivered, expired, failed, or "" for a status without progress;
    `raw_status` is the provider's own word.
    """

    status: str
    provider_id: str = ""
    message_id: str = ""
    raw_status: str = ""
    code: str = ""
    detail: str = ""


class ReportResult(StrEnum):
    """What became of a report."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    PARKED = "parked"


def apply_report(*, credential_id: uuid.UUID, report: Report) -> ReportResult:
    """Move the reported part and its message; park the report when the message is not known as sent yet."""
    with transaction.atomic():
        part = _find(credential_id, report)
        if part is None or part.message.state in UNDER_WAY:
            _park(credential_id, report)
            return ReportResult.PARKED
        return _apply(part, report)


def match_parked(messages: Iterable[Message]) -> None:
    """Apply the reports that came before these messages were known as accepted."""
    ids = [message.id for message in messages]
    if ids and ParkedReport.objects.exists():
        theirs = MessagePart.objects.filter(message_id__in=ids).exclude(provider_id="").values("provider_id")
        for parked in ParkedReport.objects.filter(Q(message_id__in=ids) | Q(provider_id__in=theirs)):
            retry_parked(parked)


def match_all_parked(limit: int) -> int:
    """Apply parked reports whose message is known by now; gives how many."""
    known_part = MessagePart.objects.filter(provider_id=OuterRef("provider_id")).exclude(provider_id="")
    known_message = Message.objects.filter(id=OuterRef("message_id")).exclude(state__in=UNDER_WAY)
    ready = ParkedReport.objects.filter(Exists(known_part) | Exists(known_message)).order_by("id")[:limit]
    return sum(retry_parked(parked) != ReportResult.PARKED for parked in ready)


def retry_parked(parked: ParkedReport) -> ReportResult:
    """Try a parked report again; it goes once it has been applied."""
    report = Report(**parked.report)
    with transaction.atomic():
        part = _find(parked.credential_id, report)
        if part is None or part.message.state in UNDER_WAY:
            return ReportResult.PARKED
        ParkedReport.objects.filter(id=parked.id).delete()
        return _apply(part, report)


def _find(credential_id: uuid.UUID, report: Report) -> MessagePart | None:
    """The part a report is about, its message locked; by the provider's id first, then by ours."""
    parts = (
        MessagePart.objects.filter(message__credential_id=credential_id)
        .select_related("message")
        .only(
            "state",
            "provider_id",
            "message__state",
            "message__provider_id",
            "message__part_count",
            "message__accepted_at",
        )
        .select_for_update(of=("message",))
        .order_by("number")
    )
    found = parts.filter(provider_id=report.provider_id)[:1] if report.provider_id else ()
    if not found and (message_id := _as_uuid(report.message_id)):
        found = parts.filter(message_id=message_id)[:1]
    return next(iter(found), None)


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _park(credential_id: uuid.UUID, report: Report) -> None:
    ParkedReport.objects.create(
        credential_id=credential_id,
        provider_id=report.provider_id[:200],
        message_id=_as_uuid(report.message_id),
        report=asdict(report),
    )


def _apply(part: MessagePart, report: Report) -> ReportResult:
    wanted = REPORTED_PART.get(report.status)
    if wanted is None or (PART_RANK[wanted] <= PART_RANK[part.state] and part.state != PartState.UNKNOWN):
        return ReportResult.UNCHANGED
    # Only the message is locked: a part that moved while we waited for the lock is looked at again.
    moved = MessagePart.objects.filter(id=part.id, state=part.state).update(
        state=wanted, provider_id=part.provider_id or report.provider_id
    )
    if not moved:
        part.refresh_from_db(fields=["state"])
        return _apply(part, report)
    message = part.message
    _move(message, message_state_of(_states_of_parts(message, wanted)), report)
    return ReportResult.APPLIED


def _states_of_parts(message: Message, reported: PartState) -> list[str]:
    if message.part_count == 1:
        return [reported]
    return list(MessagePart.objects.filter(message_id=message.id).values_list("state", flat=True))


def _move(message: Message, after: State, report: Report) -> None:
    before = State(message.state)
    if after == before or after not in TRANSITIONS[before]:
        return
    moment = now()
    Message.objects.filter(id=message.id, state=before).update(
        state=after,
        provider_id=message.provider_id or report.provider_id,
        reason="" if after in (State.ACCEPTED, State.SENT, State.DELIVERED) else Reason.REPORT,
        detail=_words(report),
        accepted_at=message.accepted_at or moment,
        finished_at=None if after in (State.ACCEPTED, State.SENT) else moment,
    )
    events.record(
        [message.id], before=before, after=after, reason=Reason.REPORT, detail=_words(report), at=moment
    )


def _words(report: Report) -> str:
    return " ".join(filter(None, (report.raw_status, report.code, report.detail)))[:500]


def forget_parked(*, older_than: datetime) -> int:
    """Drop parked reports nobody claimed in time."""
    return ParkedReport.objects.filter(received_at__lt=older_than).delete()[0]
