"""Changes of consent that come from staff, applications, imports and the opt-out page, with what follows for messages.

The ledger stands below and knows no messages. Here both meet in one transaction, subject first, messages after it: a
withdrawal takes waiting messages out in the same commit, whoever recorded it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from consent import ledger
from consent.importing import running
from consent.models import ConsentEvent, ConsentSubject, Kind
from messaging.models import Message
from messaging.states import WAITING
from messaging.stopping import stopping
from messaging.suppress import suppress_waiting, wait_until_idle, waiting_messages


@dataclass(frozen=True)
class Changed:
    """The event that was recorded, and how many waiting messages it took out."""

    event: ConsentEvent
    suppressed: int


@transaction.atomic
def change(**words: Any) -> Changed:
    """`ledger.record`, and an opt-out suppresses what waits. Call `settle` after the commit."""
    event = ledger.record(**words)
    suppressed = 0
    if event.kind == Kind.OPT_OUT:
        taken = suppress_waiting(subject_id=event.subject_id, scope=event.scope, purpose=event.purpose)
        suppressed = taken.count
    return Changed(event, suppressed)


def settle(changed: Changed) -> bool:
    """Wait, after an opt-out, until nothing to the person is on the wire; False when that took over 5 seconds."""
    return changed.event.kind != Kind.OPT_OUT or wait_until_idle(changed.event.subject_id)


def waiting_count(*, number_hash: str, scope: str, purpose: str) -> int:
    """How many waiting messages an opt-out would take out now."""
    subject = ConsentSubject.objects.filter(number_hash=number_hash).first()
    if subject is None:
        return 0
    return waiting_messages(subject_id=subject.pk, scope=scope, purpose=purpose).count()


def continue_imports() -> int:
    """Carry consent imports on for some seconds; run by every worker."""
    return running.continue_imports(withdrawn=_take_out, stopping=stopping.is_set)


def _take_out(withdrawals: Sequence[running.Withdrawal]) -> int:
    """Suppress what waits for those who withdrew; few of a thousand have anything waiting."""
    ids = {one.subject_id for one in withdrawals}
    busy = set(
        Message.objects.filter(subject_id__in=ids, state__in=WAITING).values_list("subject_id", flat=True)
    )
    return sum(
        suppress_waiting(subject_id=one.subject_id, scope=one.scope, purpose=one.purpose).count
        for one in sorted(withdrawals, key=lambda one: one.subject_id)
        if one.subject_id in busy
    )
