"""Raw callbacks go after a while, in small steps; messages read from them and the consent ledger stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from core.clock import now
from webhooks.models import InboundMessage, InboundRequest, InboundRequestKey, KeptSample, RequestState

BATCH = 500
SAMPLES_KEPT = timedelta(days=30)
_MOST_BATCHES = 20  # in one round: the next one goes on


def purge_callbacks() -> int:
    """Delete raw callbacks older than SMSGATEWAY_RAW_CALLBACK_DAYS (0: keep all); gives how many.

    What was received and not processed yet is never deleted.
    """
    days = settings.SMSGATEWAY_RAW_CALLBACK_DAYS
    if days <= 0:
        return 0
    old = InboundRequest.objects.filter(received_at__lt=now() - timedelta(days=days))
    done = 0
    for _ in range(_MOST_BATCHES):
        ids = list(
            old.exclude(state=RequestState.RECEIVED)
            .order_by("received_at")
            .values_list("pk", flat=True)[:BATCH]
        )
        if not ids:
            break
        with transaction.atomic():
            InboundMessage.objects.filter(request_id__in=ids).update(request=None)
            InboundRequestKey.objects.filter(request_id__in=ids).delete()
            done += InboundRequest.objects.filter(pk__in=ids).delete()[0]
    return done


def forget_inbound(*, before: datetime, batch: int) -> int:
    """Delete up to `batch` of the oldest inbound messages from before a moment; gives how many."""
    old = InboundMessage.objects.filter(received_at__lt=before).order_by("received_at")
    ids = list(old.values_list("pk", flat=True)[:batch])
    InboundMessage.objects.filter(pk__in=ids).delete()
    return len(ids)


def forget_samples() -> int:
    """Delete samples kept to map on after 30 days: they hold numbers and texts; gives how many."""
    return KeptSample.objects.filter(received_at__lt=now() - SAMPLES_KEPT).delete()[0]
