"""Opening and closing the breaker by what attempts tell, and by hand."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from core.clock import database_now
from credentials.client import Exchange
from messaging.breaker import probing
from messaging.breaker.hearing import Heard, heard, open_seconds, words
from messaging.breaker.standing import forget, standings
from messaging.models import Breaker, BreakerState, Source

if TYPE_CHECKING:
    from messaging.results import Result

logger = logging.getLogger(__name__)

WINDOW: Final = timedelta(seconds=30)
_AT_REST: Final = {"failures": 0, "answers": 0, "since": None}


def note(results: Sequence[Result]) -> None:
    """Take in what a batch of finished attempts tells about their providers; never raises, free while all answer."""
    by_credential: dict[uuid.UUID, list[Result]] = {}
    for result in results:
        by_credential.setdefault(result.passed.message.credential_id, []).append(result)
    for credential_id, group in by_credential.items():
        try:
            _note(credential_id, group)
        except Exception:
            logger.exception("What the provider of credential %s said is not counted", credential_id)


def reset(*, credential_id: uuid.UUID) -> bool:
    """Close the breaker by hand; True when it was not closed. Waiting messages leave at the next look."""
    closed = _close(Breaker.objects.filter(pk=credential_id).exclude(state=BreakerState.CLOSED))
    forget()
    return closed


def _note(credential_id: uuid.UUID, results: list[Result]) -> None:
    told = [(heard(exchange), exchange) for exchange in map(_last_exchange, results)]
    for result, (said, exchange) in zip(results, told, strict=True):
        if token := probing.probe_of(result.passed.token):
            return _settle(credential_id, token, said, exchange)
    standing = standings().get(credential_id)
    if standing is not None and standing.state != BreakerState.CLOSED:
        # These were on their way when it opened, and the probe decides; but a test is staff's own probe.
        if any(
            said == Heard.ANSWER and _is_test(result) for result, (said, _) in zip(results, told, strict=True)
        ):
            reset(credential_id=credential_id)
        return None
    answers = sum(said == Heard.ANSWER for said, _ in told)
    down = [exchange for said, exchange in told if said == Heard.DOWN and exchange is not None]
    if down and settings.SMSGATEWAY_BREAKER_FAILURES:
        _count(credential_id, len(down), answers, words(down[-1]))
    elif answers and standing is not None:
        _count_answers(credential_id, answers)
    return None


def _is_test(result: Result) -> bool:
    return result.passed.message.source == Source.TEST


def _last_exchange(result: Result) -> Exchange | None:
    """What the provider said last, also where the rest of the message was given back."""
    return next((part.exchange for part in reversed(result.sent) if part.exchange is not None), None)


def _count_answers(credential_id: uuid.UUID, answers: int) -> None:
    """Answers stand beside the failures of the same half minute, and forgive older ones."""
    failed = Breaker.objects.filter(pk=credential_id, state=BreakerState.CLOSED, failures__gt=0)
    if not failed.filter(since__gt=database_now() - WINDOW).update(answers=F("answers") + answers):
        failed.update(**_AT_REST)
    forget()


def _count(credential_id: uuid.UUID, failures: int, answers: int, reason: str) -> None:
    """Open it with enough failures, at least half of what was tried since the first of them."""
    moment = database_now()
    counted = Breaker.objects.filter(pk=credential_id)
    Breaker.objects.bulk_create([Breaker(credential_id=credential_id)], ignore_conflicts=True)
    # Without an answer between they are in a row, however seldom somebody tries.
    counted.filter(since__lte=moment - WINDOW, answers__gt=0).update(**_AT_REST)
    counted.update(
        failures=F("failures") + failures,
        answers=F("answers") + answers,
        since=Coalesce("since", Value(moment)),
    )
    enough = counted.filter(state=BreakerState.CLOSED, failures__gte=settings.SMSGATEWAY_BREAKER_FAILURES)
    _open(enough.filter(failures__gte=F("answers")), reason)
    forget()


def _settle(credential_id: uuid.UUID, token: uuid.UUID, said: Heard, exchange: Exchange | None) -> None:
    """Compare-and-set: only the probe of this very turn decides."""
    ours = Breaker.objects.filter(pk=credential_id, state=BreakerState.HALF_OPEN, probe_token=token)
    if said == Heard.ANSWER:
        _close(ours)
    elif said == Heard.DOWN and exchange is not None:
        _open(ours, words(exchange))
    else:
        probing.give_up(credential_id, token)
    forget()


def _open(rows: QuerySet[Breaker], reason: str) -> None:
    for row in rows:
        openings, moment = row.openings + 1, database_now()
        if rows.filter(openings=row.openings).update(
            state=BreakerState.OPEN,
            openings=openings,
            reason=reason,
            opened_at=moment if row.state == BreakerState.CLOSED else row.opened_at,
            probe_at=moment + timedelta(seconds=open_seconds(openings)),
            probe_token=None,
        ):
            logger.warning("The provider of credential %s does not answer (%s)", row.pk, reason)


def _close(rows: QuerySet[Breaker]) -> bool:
    return bool(
        rows.update(
            state=BreakerState.CLOSED, openings=0, opened_at=None, probe_at=None, probe_token=None, **_AT_REST
        )
    )
