"""Messages that may be an opt-out: they pause at once, staff decide, and undecided they become an opt-out.

Words that the law names are never dismissed: they become an opt-out after 24 hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from consent import ledger
from consent.calendar import after_business_days
from consent.models import (
    ConsentEvent,
    ConsentReview,
    ConsentState,
    Decision,
    Kind,
    ReviewKind,
    ReviewState,
    Source,
    Standing,
)
from consent.rules import ALL
from core.clock import now
from core.errors import RequestInvalid

DUE_AFTER_BUSINESS_DAYS = 10
LAPSES_AFTER_BUSINESS_DAYS = 9
REQUIRED_WORD_LAPSES_AFTER = timedelta(hours=24)
_GATEWAY = "gateway"
# A required word pauses everything but requested one-time codes, the others marketing.
_PAUSES = {
    ReviewKind.REQUIRED_WORD: "all",
    ReviewKind.FREE_WORDS: "marketing",
    ReviewKind.NEAR_MISS: "marketing",
}
_AT_ONCE = 500


@dataclass(frozen=True)
class Decided:
    """A closed review. `opt_out` is the event that follows an opt-out: the caller suppresses what waits in its scope
    (`messaging.suppress.suppress_waiting`); messages nobody suppressed are stopped by the gate."""

    review: ConsentReview
    opt_out: ConsentEvent | None = None


@transaction.atomic
def open_review(
    *,
    msisdn: str,
    kind: str,
    text: str,
    rule_version: str,
    keyword: str = "",
    scope: str = "all",
    purpose: str = "all",
    reference: str = "",
    occurred_at: datetime | None = None,
    time_proven: bool = False,
    evidence: Mapping[str, Any] | None = None,
) -> ConsentReview:
    """Record a possible opt-out, pause sending, and put it before staff; `purpose` is what an opt-out would stop.

    A further message that would pause the same joins the open review: `review.messages` counts them.
    """
    paused = _PAUSES[ReviewKind(kind)]
    event = ledger.record(
        msisdn=msisdn,
        kind=Kind.POSSIBLE_OPT_OUT,
        scope=scope,
        purpose=paused,
        source=Source.KEYWORD,
        text=text,
        keyword=keyword,
        rule_version=rule_version,
        reference=reference,
        occurred_at=occurred_at,
        time_proven=time_proven,
        evidence=evidence,
    )
    same = ConsentReview.objects.filter(
        subject_id=event.subject_id, scope=scope, paused=paused, state=ReviewState.OPEN
    )
    review = same.first()  # the subject is locked: nobody opens or closes one meanwhile
    if review is None:
        return _opened(event, ReviewKind(kind), purpose=purpose)
    review.event, review.messages = event, review.messages + 1
    review.save(update_fields=("event", "messages"))
    return review


def decide(
    review: ConsentReview, *, decision: str, actor: str, reason: str = "", seen: int | None = None
) -> Decided:
    """Close an open review as `opt_out` or `not_an_opt_out`; `seen` is the id of the event whose text was read.

    RequestInvalid when it is closed already, when a newer message joined it, or if a required word would be dismissed.
    """
    if decision not in (Decision.OPT_OUT, Decision.NOT_AN_OPT_OUT):
        raise RequestInvalid("The decision must be opt_out or not_an_opt_out.", param="decision")
    with transaction.atomic():
        current = _locked(review.pk)
        if current is None:
            raise RequestInvalid("This review is closed already; look at the consent history.")
        if seen is not None and seen != current.event_id:
            raise RequestInvalid("The person wrote again meanwhile. Read the newest message, then decide.")
        if decision == Decision.NOT_AN_OPT_OUT and current.kind == ReviewKind.REQUIRED_WORD:
            raise RequestInvalid(
                "The law names this word: it cannot be dismissed. Opt the person out, or wait for it to happen."
            )
        return _close(current, ReviewState.DECIDED, decision, actor=actor, reason=reason)


def asked(review: ConsentReview) -> None:
    """Note that the recipient was asked to confirm."""
    ConsentReview.objects.filter(pk=review.pk, asked_at__isnull=True).update(asked_at=now())


def open_reviews_of(subject_id: int) -> list[ConsentReview]:
    """The open reviews of a number, oldest first."""
    reviews = ConsentReview.objects.filter(subject_id=subject_id, state=ReviewState.OPEN)
    return list(reviews.select_related("event").order_by("id"))


def due_count(*, until: datetime | None = None) -> int:
    """How many open reviews there are, or are due until a moment."""
    reviews = ConsentReview.objects.filter(state=ReviewState.OPEN)
    return (reviews.filter(due_at__lte=until) if until else reviews).count()


def lapse_due(*, at: datetime | None = None) -> list[Decided]:
    """Turn what nobody decided in time into opt-outs, and close what the person settled. Twice is harmless."""
    moment = at or now()
    reviews = ConsentReview.objects.annotate(is_paused=Exists(_PAUSE), is_out=Exists(_OUT))
    ids = list(
        reviews.filter(state=ReviewState.OPEN)
        .filter(Q(lapses_at__lte=moment) | Q(is_paused=False) | Q(is_out=True))
        .order_by("id")
        .values_list("pk", flat=True)[:_AT_ONCE]
    )
    done = (_lapse(review_id, moment) for review_id in ids)
    return [decided for decided in done if decided is not None]


# The pause of a review, gone once the person opted in again; and an opt-out that makes a decision needless.
_PAUSE = ConsentState.objects.filter(
    subject_id=OuterRef("subject_id"),
    scope=OuterRef("scope"),
    purpose=OuterRef("paused"),
    paused_at__isnull=False,
)
_OUT = ConsentState.objects.filter(
    Q(scope=ALL) | Q(scope=OuterRef("scope")),
    Q(purpose=ALL) | Q(purpose=OuterRef("purpose")),
    subject_id=OuterRef("subject_id"),
    state=Standing.OUT,
)


def _lapse(review_id: int, moment: datetime) -> Decided | None:
    with transaction.atomic():
        review = _locked(review_id)
        if review is None:
            return None
        if not review.is_paused or review.is_out:
            spoke = "opted out" if review.is_out else "opted in again"
            words = f"The person {spoke} in other words."
            return _close(review, ReviewState.OVERTAKEN, Decision.OVERTAKEN, actor=_GATEWAY, reason=words)
        if review.lapses_at > moment:
            return None
        words = "Nobody decided in time: in doubt, out."
        return _close(review, ReviewState.LAPSED, Decision.OPT_OUT, actor=_GATEWAY, reason=words)


def _opened(event: ConsentEvent, kind: ReviewKind, *, purpose: str) -> ConsentReview:
    opened_at, zone = event.received_at, timezone.get_default_timezone()
    lapses_at = (
        opened_at + REQUIRED_WORD_LAPSES_AFTER
        if kind == ReviewKind.REQUIRED_WORD
        else after_business_days(opened_at, LAPSES_AFTER_BUSINESS_DAYS, zone=zone)
    )
    review: ConsentReview = ConsentReview.objects.create(
        subject_id=event.subject_id,
        event=event,
        kind=kind,
        scope=event.scope,
        purpose=purpose,
        paused=event.purpose,
        opened_at=opened_at,
        lapses_at=lapses_at,
        due_at=after_business_days(opened_at, DUE_AFTER_BUSINESS_DAYS, zone=zone),
    )
    return review


def _locked(review_id: int) -> Any:
    """The review if it is still open, its subject locked first: the order every consent write keeps."""
    review = ConsentReview.objects.filter(pk=review_id).first()
    if review is None:
        return None
    ledger.lock_subject(review.subject_id)
    open_ones = ConsentReview.objects.select_related("event", "subject__key").annotate(
        is_paused=Exists(_PAUSE), is_out=Exists(_OUT)
    )
    return open_ones.filter(pk=review_id, state=ReviewState.OPEN).first()


def _close(
    review: ConsentReview, state: ReviewState, decision: Decision | str, *, actor: str, reason: str
) -> Decided:
    common: dict[str, Any] = {"scope": review.scope, "actor": actor, "reference": f"event:{review.event_id}"}
    opt_out = None
    if decision == Decision.OPT_OUT:
        # The person's own words, only read later: it dates from then, and a START of theirs may lift it.
        opt_out = ledger.record(
            subject_id=review.subject_id,
            kind=Kind.OPT_OUT,
            purpose=review.purpose,
            source=Source.KEYWORD,
            keyword=review.event.keyword,
            rule_version=review.event.rule_version,
            reason=reason or "A review found this message to be an opt-out.",
            occurred_at=review.event.occurred_at,
            time_proven=review.event.time_proven,
            **common,
        )
    ledger.record(
        subject_id=review.subject_id,
        kind=Kind.REVIEW_DECISION,
        purpose=review.paused,
        source=Source.STAFF,
        decision=str(decision),
        reason=reason,
        **common,
    )
    review.state, review.decision, review.decided_at = state, str(decision), now()
    review.decided_by, review.reason = actor[:200], reason[:500]
    review.save(update_fields=("state", "decision", "decided_at", "decided_by", "reason"))
    return Decided(review, opt_out)
