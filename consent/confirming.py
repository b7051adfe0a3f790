"""Double opt-in: asked once, in force only when the answer comes in time; nothing is agreed to before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from consent import ledger
from consent.models import ConsentEvent, DisclosureText, Kind, PendingOptIn, PendingState, Source
from core.clock import now
from core.errors import RequestInvalid

EXPIRES_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Begun:
    """The open question, and whether it has to be sent now: a repeated request sends it no second time."""

    pending: PendingOptIn
    ask: bool


@transaction.atomic
def begin(
    *,
    msisdn: str,
    source: str,
    scope: str = "all",
    purpose: str = "all",
    sender: str = "",
    text: str = "",
    keyword: str = "",
    rule_version: str = "",
    actor: str = "",
    reference: str = "",
    occurred_at: datetime | None = None,
    disclosure: DisclosureText | None = None,
    policy_version: str = "",
    evidence: Mapping[str, Any] | None = None,
    expires_after: timedelta = EXPIRES_AFTER,
) -> Begun:
    """Record an opt-in that has to be confirmed, and open the question; send the prompt when `ask` says so."""
    event = ledger.record(
        msisdn=msisdn,
        kind=Kind.OPT_IN_PENDING,
        scope=scope,
        purpose=purpose,
        source=source,
        text=text,
        keyword=keyword,
        rule_version=rule_version,
        actor=actor,
        reference=reference,
        occurred_at=occurred_at,
        disclosure=disclosure,
        policy_version=policy_version,
        evidence=evidence,
    )
    moment = event.received_at
    same = PendingOptIn.objects.filter(
        subject_id=event.subject_id, scope=scope, purpose=purpose, state=PendingState.PENDING
    )
    still = _answerable(same, moment).first()
    if still is not None:
        return Begun(still, ask=False)
    same.update(state=PendingState.EXPIRED, closed_at=moment)
    pending = PendingOptIn.objects.create(
        subject_id=event.subject_id,
        event=event,
        scope=scope,
        purpose=purpose,
        sender=sender[:20],
        asked_at=moment,
        expires_at=moment + expires_after,
    )
    return Begun(pending, ask=True)


def pending_for(subject_id: int, *, sender: str | None = None) -> PendingOptIn | None:
    """The newest question a number may still answer: not expired, no opt-out since. `sender`: asked from there."""
    pending = _answerable(
        PendingOptIn.objects.filter(subject_id=subject_id, state=PendingState.PENDING), now()
    )
    if sender is not None:
        pending = pending.filter(sender__in=("", sender))
    return pending.order_by("-id").first()


def confirm(pending: PendingOptIn, *, source: str = Source.KEYWORD, **said: Any) -> ConsentEvent:
    """Record the YES: the opt-in is in force. `said` goes to `ledger.record` (text, keyword, reference, …).

    RequestInvalid when the question is closed, has expired, or the person opted out since.
    """
    return _answer(pending, Kind.OPT_IN_CONFIRMED, PendingState.CONFIRMED, source=source, **said)


def decline(pending: PendingOptIn, *, source: str = Source.KEYWORD, **said: Any) -> ConsentEvent:
    """Record the NO: nothing was agreed to, and nothing is asked again by this question."""
    return _answer(pending, Kind.OPT_IN_DECLINED, PendingState.DECLINED, source=source, **said)


def expire(*, at: datetime | None = None) -> int:
    """Close the questions that nobody answered in time; periodic. They expire at reading whether this runs or not."""
    moment = at or now()
    over = PendingOptIn.objects.filter(state=PendingState.PENDING, expires_at__lte=moment)
    return over.update(state=PendingState.EXPIRED, closed_at=moment)


def _answer(pending: PendingOptIn, kind: Kind, state: PendingState, **said: Any) -> ConsentEvent:
    with transaction.atomic():
        ledger.lock_subject(pending.subject_id)
        open_ones = PendingOptIn.objects.filter(pk=pending.pk, state=PendingState.PENDING)
        current = _answerable(open_ones, now()).select_related("event").first()
        if current is None:
            raise RequestInvalid("This question is no longer open: answered, expired, or opted out since.")
        event = ledger.record(
            subject_id=current.subject_id,
            kind=kind,
            scope=current.scope,
            purpose=current.purpose,
            **{"reference": f"event:{current.event_id}", "disclosure": current.event.disclosure} | said,
        )
        current.state, current.closed_at = state, event.received_at
        current.save(update_fields=("state", "closed_at"))
        return event


def _answerable(pending: QuerySet[PendingOptIn], moment: datetime) -> QuerySet[PendingOptIn]:
    withdrawn = ConsentEvent.objects.filter(
        subject_id=OuterRef("subject_id"), id__gt=OuterRef("event_id"), kind__in=ledger.WITHDRAWALS
    )
    return pending.filter(~Exists(withdrawn), expires_at__gt=moment)
