"""Forgetting a person: number and texts become unreadable, the refusal and its proof stay."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from consent import ledger
from consent.models import (
    ConsentSubject,
    FailureCount,
    Kind,
    PendingOptIn,
    PendingState,
    Source,
    SubjectKey,
    Suppression,
)
from consent.sealing import number_hash
from core.errors import RequestInvalid


@dataclass(frozen=True)
class Erased:
    """What is left of a person: the subject under its keyed hash, and the event that says who erased it."""

    subject_id: int
    event_id: int


@transaction.atomic
def erase(*, msisdn: str, actor: str, reason: str, reference: str = "") -> Erased:
    """Delete the data key of a number (E.164), so that nothing sealed under it opens again.

    The number stays known by its keyed hash, and opted out of everything but requested one-time codes: an import
    cannot undo that, the person's own START can. Texts on upper floors go with `operations.erasing`.
    """
    if not actor or not reason:
        raise RequestInvalid("Say who erases this person and why.", param="reason" if actor else "actor")
    event = ledger.record(
        msisdn=msisdn, kind=Kind.ERASE, source=Source.STAFF, actor=actor, reason=reason, reference=reference
    )
    subject_id = event.subject_id
    SubjectKey.objects.filter(pk=subject_id).delete()
    FailureCount.objects.filter(pk=subject_id).delete()
    Suppression.objects.filter(subject_id=subject_id).update(note="")
    open_questions = PendingOptIn.objects.filter(subject_id=subject_id, state=PendingState.PENDING)
    open_questions.update(state=PendingState.EXPIRED, closed_at=event.received_at)
    return Erased(subject_id, event.pk)


def is_erased(msisdn: str) -> bool:
    """Whether the number is known, and nothing of it but its hash."""
    known = ConsentSubject.objects.filter(number_hash=number_hash(msisdn), last_sequence__gt=0)
    return known.filter(key__isnull=True).exists()
