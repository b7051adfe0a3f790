"""Kept callbacks processed again after a mapping change, exactly once.

A message takes effect once for what identifies it and a report only moves a message up, so whatever a callback
already brought about stays as it is; what it could not be read for happens now, dated as it came.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet

from core.errors import GatewayError
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.receiving import receive_again

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200  # more are left to the workers: a page must not wait for them
MOST_COUNTED = 10_000
AGAIN = "Waits to be processed again."
_SETTLED = (RequestState.QUARANTINED, RequestState.PROCESSED, RequestState.IGNORED)


@dataclass(frozen=True)
class Outcome:
    """How many were processed now, how many stayed in quarantine, how many wait for a worker or had no webhook."""

    processed: int = 0
    quarantined: int = 0
    waiting: int = 0
    orphaned: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to look at."""
        return not self.quarantined and not self.orphaned

    @property
    def text(self) -> str:
        """The outcome in words for staff."""
        parts = (
            (self.processed, "processed"),
            (self.quarantined, "still in quarantine: its reason says what to do"),
            (self.waiting, "left to the workers, who take it within half a minute"),
            (self.orphaned, "not processed, since the webhook was deleted"),
        )
        said = [f"{count} {words}" for count, words in parts if count]
        return f"{'; '.join(said)}." if said else "Nothing to do: they are being processed already."


def process_again(*, request_ids: Collection[uuid.UUID]) -> Outcome:
    """Process these callbacks again, oldest first; one that somebody else is just processing is left to them."""
    chosen = InboundRequest.objects.filter(pk__in=request_ids)
    orphaned = chosen.filter(webhook__isnull=True).count()
    rows = chosen.filter(state__in=_SETTLED, webhook__isnull=False).select_related(
        "webhook__endpoint__credential"
    )
    results = [_one(raw) for raw in rows.order_by("received_at")[:MOST_AT_ONCE]]
    left = chosen.filter(state__in=_SETTLED, webhook__isnull=False).exclude(
        pk__in=[raw for raw, _ in results]
    )
    return Outcome(
        processed=sum(state in (RequestState.PROCESSED, RequestState.IGNORED) for _, state in results),
        quarantined=sum(state == RequestState.QUARANTINED for _, state in results),
        waiting=sum(state == RequestState.RECEIVED for _, state in results) + _leave_to_workers(left),
        orphaned=orphaned,
    )


def process_quarantined_again(*, webhook: Webhook) -> int:
    """Have workers process everything of a webhook that stands in quarantine; gives how many. One statement."""
    return _leave_to_workers(InboundRequest.objects.filter(webhook=webhook, state=RequestState.QUARANTINED))


@dataclass(frozen=True)
class Backlog:
    """How many callbacks of a webhook stand in quarantine, and how many wait to be processed again."""

    quarantined: int
    waiting: int


def backlog_of(webhook: Webhook) -> Backlog:
    """Both figures, counted up to MOST_COUNTED each: a page must not take long."""
    own = InboundRequest.objects.filter(webhook=webhook).order_by()
    quarantined = own.filter(state=RequestState.QUARANTINED)
    waiting = own.filter(state=RequestState.RECEIVED, reason=AGAIN)
    return Backlog(quarantined[:MOST_COUNTED].count(), waiting[:MOST_COUNTED].count())


def _leave_to_workers(requests: QuerySet[InboundRequest]) -> int:
    """Mark them as not processed: the leftovers take them, oldest first."""
    return requests.update(state=RequestState.RECEIVED, reason=AGAIN)


def _one(raw: InboundRequest) -> tuple[uuid.UUID, str]:
    """The callback's id and the state it is in afterwards."""
    webhook = raw.webhook
    assert webhook is not None  # by the query
    # Whoever changes the state has it; if this process dies now, the leftovers finish it.
    mine = InboundRequest.objects.filter(pk=raw.pk, state=raw.state, reason=raw.reason)
    if not mine.update(state=RequestState.RECEIVED, reason=AGAIN):
        return raw.pk, RequestState.RECEIVED
    try:
        receive_again(raw, webhook)
    except (OperationalError, InterfaceError):
        log.warning("callback %s could not be processed again and waits", raw.pk, exc_info=True)
        return raw.pk, RequestState.RECEIVED
    except Exception as error:
        log.exception("callback %s failed again", raw.pk)
        reason = error.text if isinstance(error, GatewayError) else type(error).__name__
        raw.state, raw.reason = RequestState.QUARANTINED, f"This gateway failed on it again: {reason}"[:500]
        raw.save(update_fields=["state", "reason"])
    return raw.pk, raw.state
