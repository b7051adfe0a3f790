"""Callbacks on which this gateway failed: they are kept, and processed once it works again."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import Q

from core.clock import now
from core.errors import GatewayError
from webhooks.models import InboundRequest, RequestState
from webhooks.receiving import receive_again
from webhooks.reprocessing import AGAIN

log = logging.getLogger(__name__)

_SETTLED_AFTER = timedelta(seconds=30)
_MOST_AT_ONCE = 500


def process_leftovers() -> int:
    """Process what was received and not processed, oldest first; gives how many. Twice is harmless.

    Where the database stands in the way the callback waits for the next round; what fails for any other
    reason goes to quarantine, where staff see it.
    """
    # What staff want processed again is settled whenever it came.
    settled = Q(received_at__lt=now() - _SETTLED_AFTER) | Q(reason=AGAIN)
    waiting = InboundRequest.objects.filter(
        settled, state=RequestState.RECEIVED, webhook__isnull=False
    ).select_related("webhook__endpoint__credential")
    done = 0
    for raw in waiting.order_by("received_at")[:_MOST_AT_ONCE]:
        done += _again(raw)
    return done


def _again(raw: InboundRequest) -> bool:
    webhook = raw.webhook
    assert webhook is not None  # by the query
    try:
        receive_again(raw, webhook)
    except (OperationalError, InterfaceError):
        log.warning("callback %s failed again and waits", raw.id, exc_info=True)
        return False
    except Exception as error:
        log.exception("callback %s failed again and goes to quarantine", raw.id)
        reason = error.text if isinstance(error, GatewayError) else type(error).__name__
        InboundRequest.objects.filter(pk=raw.pk).update(
            state=RequestState.QUARANTINED, reason=f"This gateway failed twice on it: {reason}"[:500]
        )
        return False
    return True
