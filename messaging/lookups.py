"""Which messages the provider is to be asked about, and when: those whose answer was lost, ever more seldom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from core.clock import database_now
from credentials.models import ApiCredential
from messaging import breaker
from messaging.models import Message, StatusLookup
from messaging.states import State

# After the answer was lost, then after each time of asking. Rules of channels wait longer (messaging.unknowns).
FIRST: Final = timedelta(seconds=10)
# What was lost before is asked about when staff wish it: an address filled in today must not ask about last year.
OLDEST: Final = timedelta(days=2)
_AGAIN: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60))
_BATCH: Final = 500


def begin() -> int:
    """Put unknown messages whose provider can be asked on the list; gives how many are new. Twice is harmless."""
    able = list(ApiCredential.objects.exclude(lookup_url="").values_list("pk", flat=True))
    if not able:
        return 0
    moment = database_now()
    _drop_settled(moment)
    lately = (moment - OLDEST, moment - FIRST)
    asked = Message.objects.filter(state=State.UNKNOWN, due_at__range=lately, credential__in=able)
    asked = asked.exclude(msisdn="")  # of a person who is erased
    new = asked.filter(status_lookup=None).order_by("due_at", "id").values_list("id", flat=True)[:_BATCH]
    rows = [StatusLookup(message_id=message_id, next_at=moment) for message_id in new]
    StatusLookup.objects.bulk_create(rows, ignore_conflicts=True)
    # Sent once more, and lost once more: it is a new question.
    again = StatusLookup.objects.filter(message__in=asked, asked_at__lt=F("message__due_at"))
    again.update(times=0, asked_at=None, next_at=moment)
    return len(rows)


def _drop_settled(moment: datetime) -> None:
    """Questions about messages that were settled otherwise meanwhile."""
    settled = StatusLookup.objects.filter(next_at__lte=moment).exclude(message__state=State.UNKNOWN)
    with transaction.atomic():
        rows = settled.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
        StatusLookup.objects.filter(pk__in=list(rows[:_BATCH])).update(next_at=None)


def take_due(limit: int, *, silent: Collection[UUID] = ()) -> list[Message]:
    """Unknown messages that are to be asked about now, each given to one caller, with credential and parts.

    `silent`: credentials whose provider has just not answered; those that are paused or known to be down are left
    alone, too.
    """
    moment = database_now()
    with transaction.atomic():
        due = StatusLookup.objects.filter(next_at__lte=moment, message__state=State.UNKNOWN)
        due = due.filter(message__credential__paused_at=None)
        due = due.exclude(message__credential__in=breaker.open_credentials().union(silent))
        rows = list(due.select_for_update(of=("self",), skip_locked=True).order_by("next_at")[:limit])
        for row in rows:
            row.next_at = moment + _AGAIN[row.times] if row.times < len(_AGAIN) else None
            row.times, row.asked_at = row.times + 1, moment
            row.save(update_fields=["times", "asked_at", "next_at"])
    found = Message.objects.filter(pk__in=[row.pk for row in rows])
    return list(found.select_related("credential").prefetch_related("parts"))


def note(message_id: UUID, said: str, *, over: bool = False) -> None:
    """Keep what the provider said about a message; `over`: there is nothing more to ask."""
    values = {"said": said[:300]} | ({"next_at": None} if over else {})
    StatusLookup.objects.filter(pk=message_id).update(**values)


def ask_now(messages: Iterable[Message]) -> int:
    """Ask about these at the next round whatever was asked before; gives how many can be asked about."""
    moment = database_now()
    ids = [message.id for message in messages]
    asked = Message.objects.filter(id__in=ids, state=State.UNKNOWN, credential__paused_at=None)
    asked = asked.exclude(credential__lookup_url="").exclude(msisdn="")
    rows = [
        StatusLookup(message_id=message_id, next_at=moment)
        for message_id in asked.values_list("id", flat=True)
    ]
    StatusLookup.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["message"], update_fields=["next_at"]
    )
    return len(rows)


def can_be_asked(message: Message) -> bool:
    """Whether it is unknown, and its credential says where to ask and is not paused."""
    credential = message.credential
    able = bool(credential.lookup_url) and credential.paused_at is None
    return able and message.state == State.UNKNOWN and bool(message.msisdn)


def of(message: Message) -> StatusLookup | None:
    """What has been asked about a message; None: nothing."""
    return StatusLookup.objects.filter(pk=message.pk, times__gt=0).first()


def forget(message_ids: Sequence[UUID]) -> None:
    """Drop what was said about messages of a person who is erased."""
    StatusLookup.objects.filter(pk__in=message_ids).delete()
