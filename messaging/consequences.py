"""What a provider's refusal says about the person: blocked by the carrier, or a number that does not work.

Called before any message is locked: the subject's row comes first, here as everywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from consent import ledger, suppression
from consent.models import ConsentEvent, Kind, Source
from core.vocabulary import FailureClass, Outcome, Purpose
from credentials import codes
from messaging.models import Message
from messaging.states import State


def of_answer(message: Message, *, outcome: Outcome, failure: str, code: str) -> None:
    """Of a provider's answer to a send."""
    # Our own confirmation of an opt-out, refused because of that opt-out, tells nothing new.
    if outcome == Outcome.OPTED_OUT and message.purpose != Purpose.CONSENT_REPLY:
        _block(message, words=f"The provider answered {code}".strip())
    elif outcome == Outcome.FAILED:
        _count(message, failure)


def of_report(message: Message, *, code: str) -> None:
    """Of a report that a message did not arrive; the credential's table of codes says what its code means."""
    failure = codes.table_for(message.credential).get(code, "")
    if failure == FailureClass.OPTED_OUT and message.purpose != Purpose.CONSENT_REPLY:
        _block(message, words=f"The provider reported {code}".strip())
    else:
        _count(message, failure)


def in_order(messages: Sequence[Message]) -> list[int]:
    """Positions of messages in the order in which their subjects may be locked."""
    return sorted(range(len(messages)), key=lambda position: messages[position].subject_id)


def _block(message: Message, *, words: str) -> None:
    """Out for this sender, once per message however often it is reported."""
    reference = f"message:{message.id}"
    with transaction.atomic():
        ledger.lock_subject(message.subject_id)
        known = ConsentEvent.objects.filter(subject_id=message.subject_id, kind=Kind.CARRIER_BLOCK)
        if known.filter(reference=reference).exists():
            return
        ledger.record(
            msisdn=message.msisdn,
            kind=Kind.CARRIER_BLOCK,
            scope=f"sender:{message.sender}" if message.sender else "all",
            source=Source.PROVIDER,
            reason=words,
            reference=reference,
        )


def _count(message: Message, failure: str) -> None:
    if failure in suppression.COUNTED:
        suppression.note_failure(
            msisdn=message.msisdn,
            failure=failure,
            delivered_since=partial(_delivered_since, message.msisdn),
            reference=f"message {message.id}",
        )


def _delivered_since(msisdn: str, moment: datetime) -> bool:
    return Message.objects.filter(msisdn=msisdn, state=State.DELIVERED, finished_at__gt=moment).exists()


def find(*, credential_id: uuid.UUID, provider_id: str, message_id: uuid.UUID | None) -> Message | None:
    """The message that a report is about, not locked, if the report may still move it."""
    theirs = Message.objects.filter(credential_id=credential_id).select_related("credential")
    moving = theirs.filter(state__in=(State.ACCEPTED, State.SENT, State.UNKNOWN))
    found = moving.filter(parts__provider_id=provider_id).order_by("id").first() if provider_id else None
    return found or (moving.filter(id=message_id).first() if message_id else None)
