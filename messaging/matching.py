"""Which message and part a delivery report is about: by the provider's id, by ours, by a batch's id and the number."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from messaging.models import LONGEST_PROVIDER_ID, MessagePart
from messaging.states import PART_RANK, REPORTED_PART, PartState, State

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


@dataclass(frozen=True)
class Found:
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


def find(credential_id: uuid.UUID, report: Report, *, lock: bool = True) -> Found | None:
    """The part a report is about; by the provider's id first (in a batch by number too), then by ours."""
    theirs = report.provider_id[:LONGEST_PROVIDER_ID]
    found = None
    if theirs and report.recipient:
        found = _find_by(_OF_BATCH, credential_id, theirs, report.recipient, lock=lock)
    if theirs and found is None:
        found = _find_by(_BY_ID, credential_id, theirs, lock=lock)
    if found is not None:
        return _of_several(found, report, MessagePart.objects.filter(provider_id=theirs))
    message_id, number = reference(report.message_id)
    if message_id is None:
        return None
    if number is not None:
        condition = "p.message_id = %s AND p.number = %s"
        return _find_by(condition, credential_id, _key(message_id), number, lock=lock)
    found = _find_by("p.message_id = %s", credential_id, _key(message_id), lock=lock)
    # A part that was never sent is not meant.
    return found and _of_several(found, report, MessagePart.objects.exclude(state=PartState.WAITING))


def _find_by(condition: str, credential_id: uuid.UUID, *values: Any, lock: bool) -> Found | None:
    suffix = " FOR UPDATE OF m" if lock and connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(_FIND.format(condition=condition) + suffix, [_key(credential_id), *values])
        row = cursor.fetchone()
    if row is None:
        return None
    part_id, number, part_state, part_provider_id, message_id, state, provider_id, part_count, accepted = row
    return Found(
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


def _of_several(found: Found, report: Report, meant: QuerySet[MessagePart]) -> Found:
    """Of the parts that may be meant, the first that the report moves on; the one found when it moves none.

    A report with an id of the provider's own means a part that has none yet rather than one that has another.
    """
    if found.part_count == 1:
        return found
    rows = list(meant.filter(message_id=found.message_id).order_by("number"))
    rows.sort(key=lambda part: part.provider_id not in ("", report.provider_id[:LONGEST_PROVIDER_ID]))
    part = next((part for part in rows if moves(part.state, report)), None)
    if part is None:
        return found
    return replace(
        found,
        part_id=part.pk,
        part_number=part.number,
        part_state=part.state,
        part_provider_id=part.provider_id,
    )


def moves(state: str, report: Report) -> bool:
    """Whether a report changes a part of this state: its rank rises, or it settles an unknown one."""
    wanted = REPORTED_PART.get(report.status)
    return wanted is not None and (PART_RANK[wanted] > PART_RANK[state] or state == PartState.UNKNOWN)


def _key(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


def reference(text: str) -> tuple[uuid.UUID | None, int | None]:
    """Our id in a report, and the number of the part if it names one; (None, None): it is no id of ours."""
    bare, dot, number = text.partition(".")
    if dot and not _PART_NUMBER.fullmatch(number):
        return None, None
    try:
        return uuid.UUID(bare), int(number) if dot else None
    except ValueError:
        return None, None
