"""The suppression list: numbers that get nothing, whatever they agreed to. No opt-in takes one off."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from consent import ledger
from consent.models import FailureCount, Suppression, SuppressionReason, SuppressionSource
from consent.sealing import data_key
from consent.writing import read_owned
from core.clock import now
from core.errors import RequestInvalid
from core.vocabulary import FailureClass

# Failures that say something about the number, and what they put on the list.
COUNTED: dict[str, SuppressionReason] = {
    FailureClass.INVALID_NUMBER: SuppressionReason.INVALID_NUMBER,
    FailureClass.UNREACHABLE: SuppressionReason.UNREACHABLE,
}
_IN_A_ROW_WITHIN = timedelta(days=90)
_GATEWAY = "gateway"


def add(
    *,
    msisdn: str,
    code: str,
    source: str,
    scope: str = "all",
    until: datetime | None = None,
    note: str = "",
    actor: str = "",
) -> Suppression:
    """Put a number on the list, or renew its entry; `until` None: until somebody lifts it.

    RequestInvalid for an unknown reason, source or scope, or an end that has passed.
    """
    _check(code=code, source=source, scope=scope, until=until)
    with transaction.atomic():
        subject_id = ledger.subjects_for([msisdn])[msisdn]
        # The lock of the subject: a sender at the gate goes first or sees the entry.
        subject = ledger.lock_subject(subject_id)
        wrapped, _ = read_owned(subject)
        data_key(subject, msisdn, wrapped=wrapped)  # without its key the list could not show the number
        entry = Suppression.objects.filter(subject_id=subject_id, scope=scope, lifted_at__isnull=True).first()
        if entry is not None and _is_over(entry):
            _lift(entry, actor=_GATEWAY)
            entry = None
        entry = entry or Suppression(subject_id=subject_id, scope=scope, created_by=actor[:200])
        entry.code, entry.source, entry.until, entry.note = code, source, until, note[:500]
        entry.save()
    return entry


def lift(entry: Suppression, *, actor: str) -> bool:
    """Take an entry off the list; it stays as a record. False when it is off already."""
    with transaction.atomic():
        ledger.lock_subject(entry.subject_id)
        current = Suppression.objects.filter(pk=entry.pk, lifted_at__isnull=True).first()
        if current is None:
            return False
        _lift(current, actor=actor)
        FailureCount.objects.filter(pk=current.subject_id).delete()
    return True


def entries_for(subject_ids: Collection[int]) -> dict[int, list[Suppression]]:
    """The entries in force, by subject; one query."""
    found: dict[int, list[Suppression]] = {subject_id: [] for subject_id in subject_ids}
    for entry in in_force().filter(subject_id__in=subject_ids):
        found[entry.subject_id].append(entry)
    return found


def in_force(entries: QuerySet[Suppression] | None = None) -> QuerySet[Suppression]:
    """Entries that stop messages now; among `entries`, if they are given."""
    open_ended = Q(until__isnull=True) | Q(until__gt=now())
    among = Suppression.objects.all() if entries is None else entries
    return among.filter(open_ended, lifted_at__isnull=True)


def note_failure(
    *, msisdn: str, failure: str, delivered_since: Callable[[datetime], bool], reference: str = ""
) -> Suppression | None:
    """Count a permanent failure; after SMSGATEWAY_SUPPRESS_AFTER_FAILURES in a row the number goes on the list.

    `delivered_since` tells whether a message reached the number after a moment: then the count begins anew. It is
    asked only when there is something to count, so that deliveries cost nothing.
    """
    limit = settings.SMSGATEWAY_SUPPRESS_AFTER_FAILURES
    code = COUNTED.get(failure)
    if code is None or limit <= 0:
        return None
    with transaction.atomic():
        subject_id = ledger.subjects_for([msisdn])[msisdn]
        ledger.lock_subject(subject_id)
        moment = now()
        count = FailureCount.objects.filter(pk=subject_id).first()
        if count is None or count.first_at < moment - _IN_A_ROW_WITHIN or delivered_since(count.first_at):
            count = FailureCount(subject_id=subject_id, first_at=moment)
        count.count, count.last_at = count.count + 1, moment
        if count.count < limit:
            count.save()
            return None
        FailureCount.objects.filter(pk=subject_id).delete()
        return add(
            msisdn=msisdn,
            code=code,
            source=SuppressionSource.AUTOMATIC,
            until=moment + timedelta(days=settings.SMSGATEWAY_SUPPRESSION_DAYS),
            note=f"{limit} permanent failures in a row, the last one {reference}".rstrip(", "),
            actor=_GATEWAY,
        )


def close_expired() -> int:
    """Note as lifted what ended by time; periodic, for the record: the gate looks at the time itself."""
    moment = now()
    over = Suppression.objects.filter(lifted_at__isnull=True, until__lte=moment)
    return over.update(lifted_at=moment, lifted_by=_GATEWAY)


def _is_over(entry: Suppression) -> bool:
    return entry.until is not None and entry.until <= now()


def _lift(entry: Suppression, *, actor: str) -> None:
    entry.lifted_at, entry.lifted_by = now(), actor[:200]
    entry.save(update_fields=("lifted_at", "lifted_by"))


def _check(*, code: str, source: str, scope: str, until: datetime | None) -> None:
    prefix, _, name = scope.partition(":")
    for ok, param, text in (
        (code in SuppressionReason.values, "code", f"The reason must be one of {SuppressionReason.values}."),
        (
            source in SuppressionSource.values,
            "source",
            f"The source must be one of {SuppressionSource.values}.",
        ),
        (scope == "all" or (prefix == "sender" and name), "scope", 'The scope must be "all" or "sender:…".'),
        (
            until is None or until > now(),
            "until",
            "The end must lie in the future; leave it empty for no end.",
        ),
    ):
        if not ok:
            raise RequestInvalid(text, param=param)
