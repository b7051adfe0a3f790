"""Forgetting a number in messages: rows, states and times stay for the books, number and words go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from core.clock import now
from links.erasing import erase_messages
from messaging import events, lookups
from messaging.models import Attempt, Message, MessageEvent, MessagePart, ParkedReport
from messaging.states import WAITING, Reason, State

_AT_ONCE = 500


@dataclass(frozen=True)
class Erased:
    """How many messages were blanked, and how many are still on the wire and were left."""

    messages: int
    left: int


def cancel_waiting(*, subject_id: int, actor: str) -> int:
    """Cancel whatever waits for a subject, codes and replies too; the subject is locked already."""
    with transaction.atomic():
        waiting = Message.objects.filter(subject_id=subject_id, state__in=WAITING).select_for_update()
        rows = list(waiting.order_by("id").values_list("id", "state"))
        moment = now()
        Message.objects.filter(id__in=[row[0] for row in rows]).update(
            state=State.CANCELLED,
            reason=Reason.ERASED,
            finished_at=moment,
            lease_token=None,
            lease_until=None,
        )
        for before in WAITING:
            ids = [message_id for message_id, state in rows if state == before]
            events.record(
                ids, before=before, after=State.CANCELLED, reason=Reason.ERASED, actor=actor, at=moment
            )
    return len(rows)


def erase_number(msisdn: str) -> Erased:
    """Blank number, texts, profile and provider exchanges in all messages to a number (E.164)."""
    done = 0
    theirs = Message.objects.filter(msisdn=msisdn).exclude(state=State.SENDING)
    while ids := list(theirs.order_by("id").values_list("id", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            MessagePart.objects.filter(message_id__in=ids).exclude(text="").update(text="")
            Attempt.objects.filter(message_id__in=ids).update(request={}, response={}, detail="")
            _blank_details(ids)
            lookups.forget(ids)
            erase_messages(ids)
            Message.objects.filter(id__in=ids, reference__contains=msisdn[1:]).update(reference="")
            Message.objects.filter(id__in=ids).update(msisdn="", text="", profile={}, detail="")
        done += len(ids)
    ParkedReport.objects.filter(report__icontains=msisdn[1:]).delete()
    return Erased(messages=done, left=Message.objects.filter(msisdn=msisdn).count())


def _blank_details(message_ids: Sequence[UUID]) -> None:
    """The words of providers in the events of messages; their trigger lets nothing else change."""
    table, marks = MessageEvent._meta.db_table, ", ".join(["%s"] * len(message_ids))
    convert = MessageEvent._meta.get_field("message").target_field.get_db_prep_value
    values = [convert(message_id, connection) for message_id in message_ids]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET detail = '' WHERE detail <> '' AND message_id IN ({marks})", values
        )
