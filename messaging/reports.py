"""Delivery reports applied to messages. A part's rank only rises; a report nobody knows yet is parked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.bulk import update_rows
from core.clock import now
from messaging import events
from messaging.models import LONGEST_PROVIDER_ID, Message, MessageEvent, MessagePart, ParkedReport
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
_PART_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class Report:
    """What a provider says about a message: found by `provider_id` (theirs) or `message_id` (ours).

    Ours may name a part, as in "<id>.2"; see `partReference` of the request templates.

    `status` is accepted, sent, delivered, read, undelivered, expired, failed, temporary (a failure the provider may
    still mend: noted, nothing moves), or "" for a status without progress; `raw_status` is the provider's own word.
    `recipient` (E.164, "" when not told) says which message of a batch is meant, whose provider id several share.
    """

    status: str
    provider_id: str = ""
    message_id: str = ""
    raw_status: str = ""
    code: str = ""
    detail: str = ""
    recipient: str = ""


class ReportResult(StrEnum):
    """What became of a report."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    NOTED = "noted"
    PARKED = "parked"


def apply_report(*, credential_id: uuid.UUID, report: Report) -> ReportResult:
    """Move the reported part and its message; park the report when the message is not known as sent yet."""
    with transaction.atomic():
        found = _find(credential_id, report)
        if found is None or found.message_state in UNDER_WAY:
            _park(credential_id, report, found)
            return ReportResult.PARKED
        return _apply(found, credential_id, report)


def can_be_ours(report: Report) -> bool:
    """Whether a message may have these ids: one of the provider's, or one in the form of ours."""
    return bool(report.provider_id) or _reference(report.message_id)[0] is not None


def addressee_of(*, credential_id: uuid.UUID, report: Report) -> tuple[str, str]:
    """Number and sender of the message that is meant; ("", "") when it is not known."""
    found = _find(credential_id, report, lock=False)
    row = Message.objects.filter(pk=found.message_id).values_list("msisdn", "sender") if found else ()
    return next(iter(row), ("", ""))


def match_parked(messages: Iterable[Message]) -> None:
    """Apply the reports that came before these messages were known as accepted."""
    ids = [message.id for message in messages]
    if ids and ParkedReport.objects.exists():
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
        found = _find(parked.credential_id, report)
        if found is None or found.message_state in UNDER_WAY:
            return ReportResult.PARKED
        ParkedReport.objects.filter(id=parked.id).delete()
        return _apply(found, parked.credential_id, report)


@dataclass(frozen=True)
class _Found:
    """A reported part and what is needed of its message, which is locked."""

    part_id: int
    part_number: int
    part_state: str
    part_provider_id: str
    message_id: uuid.UUID
    message_state: State
    message_provider_id: str
    part_count: int
    was_accepted: bool


_FIND = """
    SELECT p.id, p.number, p.state, p.provider_id, m.id, m.state, m.provider_id, m.part_count,
        m.accepted_at IS NOT NULL
    FROM messaging_messagepart p JOIN messaging_message m ON m.id = p.message_id
    WHERE m.credential_id = %s AND {condition} ORDER BY p.number LIMIT 1
"""
_BY_ID = "p.provider_id = %s"
_OF_BATCH = "p.provider_id = %s AND m.msisdn = %s"


def _find(credential_id: uuid.UUID, report: Report, *, lock: bool = True) -> _Found | None:
    """The part a report is about; by the provider's id first (in a batch by number too), then by ours."""
    theirs = report.provider_id[:LONGEST_PROVIDER_ID]
    found = None
    if theirs and report.recipient:
        found = _find_by(_OF_BATCH, credential_id, theirs, report.recipient, lock=lock)
    if theirs and found is None:
        found = _find_by(_BY_ID, credential_id, theirs, lock=lock)
    if found is not None:
        return _of_several(found, report, MessagePart.objects.filter(provider_id=theirs))
    message_id, number = _reference(report.message_id)
    if message_id is None:
        return None
    if number is not None:
        condition = "p.message_id = %s AND p.number = %s"
        return _find_by(condition, credential_id, _key(message_id), number, lock=lock)
    found = _find_by("p.message_id = %s", credential_id, _key(message_id), lock=lock)
    # A part that was never sent is not meant.
    return found and _of_several(found, report, MessagePart.objects.exclude(state=PartState.WAITING))


def _find_by(condition: str, credential_id: uuid.UUID, *values: Any, lock: bool) -> _Found | None:
    suffix = " FOR UPDATE OF m" if lock and connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(condition=condition) + suffix, [_key(credential_id), *values])
        row = cursor.fetchone()
    if row is None:
        return None
    part_id, number, part_state, part_provider_id, message_id, state, provider_id, part_count, accepted = row
    return _Found(
        part_id=part_id,
        part_number=number,
        part_state=part_state,
        part_provider_id=part_provider_id,
        message_id=uuid.UUID(str(message_id)),
        message_state=State(state),
        message_provider_id=provider_id,
        part_count=part_count,
        was_accepted=bool(accepted),
    )


def _of_several(found: _Found, report: Report, meant: QuerySet[MessagePart]) -> _Found:
    """Of the parts that may be meant, the first that the report moves on; the one found when it moves none.

    A report with an id of the provider's own means a part that has none yet rather than one that has another.
    """
    if found.part_count == 1:
        return found
    rows = list(meant.filter(message_id=found.message_id).order_by("number"))
    rows.sort(key=lambda part: part.provider_id not in ("", report.provider_id[:LONGEST_PROVIDER_ID]))
    part = next((part for part in rows if _moves(part.state, report)), None)
    if part is None:
        return found
    return replace(
        found,
        part_id=part.pk,
        part_number=part.number,
        part_state=part.state,
        part_provider_id=part.provider_id,
    )


def _moves(state: str, report: Report) -> bool:
    """Whether a report changes a part of this state: its rank rises, or it settles an unknown one."""
    wanted = REPORTED_PART.get(report.status)
    return wanted is not None and (PART_RANK[wanted] > PART_RANK[state] or state == PartState.UNKNOWN)


def _key(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


def _reference(text: str) -> tuple[uuid.UUID | None, int | None]:
    """Our id in a report, and the number of the part if it names one; (None, None): it is no id of ours."""
    bare, dot, number = text.partition(".")
    if dot and not _PART_NUMBER.fullmatch(number):
        return None, None
    try:
        return uuid.UUID(bare), int(number) if dot else None
    except ValueError:
        return None, None


def _park(credential_id: uuid.UUID, report: Report, found: _Found | None) -> None:
    ParkedReport.objects.create(
        credential_id=credential_id,
        provider_id=report.provider_id[:LONGEST_PROVIDER_ID],
        # Our own ids are known before a provider sees them: one that is not known never will be.
        message_id=found.message_id if found else None,
        report=asdict(report),
    )


def _apply(found: _Found, credential_id: uuid.UUID, report: Report) -> ReportResult:
    if report.status in _NOTED and not _moves(found.part_state, report):
        return _note(found, report)
    if not _moves(found.part_state, report):
        return ReportResult.UNCHANGED
    wanted = REPORTED_PART[report.status]
    change = {
        "id": found.part_id,
        "state": wanted,
        "provider_id": found.part_provider_id or report.provider_id[:LONGEST_PROVIDER_ID],
    }
    # Only the message is locked: a part that moved while we waited for the lock is looked at again.
    if not update_rows(MessagePart, [change], where=f"t.state = '{PartState(found.part_state)}'"):
        again = _find(credential_id, report)
        return _apply(again, credential_id, report) if again else ReportResult.UNCHANGED
    _move(found, message_state_of(_states_of_parts(found, wanted)), report)
    return ReportResult.APPLIED


# Statuses that are worth a line in the history even where no state changes -> its reason.
_NOTED: Mapping[str, str] = {"read": "read", "temporary": Reason.TEMPORARY.value}


def _note(found: _Found, report: Report) -> ReportResult:
    """Put the report into the message's history, once; a final message has nothing temporary to tell."""
    reason, state = _NOTED[report.status], found.message_state
    wanted = (State.DELIVERED,) if reason == "read" else (State.ACCEPTED, State.SENT, State.UNKNOWN)
    line = {"reason": reason, "detail": _words(report)}
    if state not in wanted or MessageEvent.objects.filter(message_id=found.message_id, **line).exists():
        return ReportResult.UNCHANGED
    events.record([found.message_id], before=state, after=state, **line)
    return ReportResult.NOTED


def _states_of_parts(found: _Found, reported: PartState) -> list[str]:
    if found.part_count == 1:
        return [reported]
    return list(MessagePart.objects.filter(message_id=found.message_id).values_list("state", flat=True))


def _move(found: _Found, after: State, report: Report) -> None:
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
