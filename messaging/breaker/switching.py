"""Opening and closing the breaker by what attempts tell, and by hand."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import F, QuerySet

from core.clock import database_now
from credentials.client import Exchange
from messaging.breaker import probing
from messaging.breaker.hearing import Heard, heard, open_seconds, words
from messaging.breaker.standing import forget, standings
from messaging.models import Breaker, BreakerState

if TYPE_CHECKING:
    from messaging.results import Result

logger = logging.getLogger(__name__)


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
        return None  # these were on their way when it opened; the probe decides
    if any(said == Heard.ANSWER for said, _ in told):
        return _forgive(credential_id) if standing is not None else None
    down = [exchange for said, exchange in told if said == Heard.DOWN and exchange is not None]
    if down and settings.SMSGATEWAY_BREAKER_FAILURES:
        _count(credential_id, len(down), words(down[-1]))
    return None


def _last_exchange(result: Result) -> Exchange | None:
    """What the provider said last, also where the rest of the message was given back."""
    return next((part.exchange for part in reversed(result.sent) if part.exchange is not None), None)


def _forgive(credential_id: uuid.UUID) -> None:
    """An answer: the row of failures is over."""
    Breaker.objects.filter(pk=credential_id, state=BreakerState.CLOSED, failures__gt=0).update(failures=0)
    forget()


def _count(credential_id: uuid.UUID, failures: int, reason: str) -> None:
    counted = Breaker.objects.filter(pk=credential_id)
    if not counted.update(failures=F("failures") + failures):
        Breaker.objects.bulk_create([Breaker(credential_id=credential_id)], ignore_conflicts=True)
        counted.update(failures=F("failures") + failures)
    enough = counted.filter(state=BreakerState.CLOSED, failures__gte=settings.SMSGATEWAY_BREAKER_FAILURES)
    _open(enough, reason)
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
            state=BreakerState.CLOSED, failures=0, openings=0, opened_at=None, probe_at=None, probe_token=None
        )
    )
