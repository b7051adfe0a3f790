"""Held delivery reports: applied once their status word has a meaning, whoever gave it: inbox, form or preset."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from core.clock import now
from core.errors import GatewayError
from messaging.reports import Report, apply_report
from webhooks.configuration import configuration_of
from webhooks.models import HeldReport, InboundRequest, RequestState, Webhook
from webhooks.statuses import IGNORE, NO_PROGRESS

log = logging.getLogger(__name__)

_KEPT = timedelta(days=30)
_MOST_AT_ONCE = 500


def apply_held() -> int:
    """Apply what can be applied by now, oldest first; gives how many. Twice is harmless, also at the same time."""
    HeldReport.objects.filter(received_at__lt=now() - _KEPT).delete()
    done = 0
    waiting = HeldReport.objects.order_by("webhook_id", "word").values_list("webhook_id", "word").distinct()
    for webhook_id, word in waiting:
        meaning = _meaning(webhook_id, word)
        if meaning is not None:
            done += _apply_all(webhook_id, word, meaning, limit=_MOST_AT_ONCE - done)
        if done >= _MOST_AT_ONCE:
            break
    return done


def _meaning(webhook_id: UUID, word: str) -> str | None:
    webhook = Webhook.objects.select_related("endpoint__credential").get(pk=webhook_id)
    try:
        return configuration_of(webhook).reader.meaning(word)
    except GatewayError as error:
        log.warning("webhook %s: held reports wait, its configuration cannot be read: %s", webhook_id, error)
        return None


def _apply_all(webhook_id: UUID, word: str, meaning: str, *, limit: int) -> int:
    rows = HeldReport.objects.filter(webhook_id=webhook_id, word=word).select_related("webhook__endpoint")
    return sum(_apply(held, meaning) for held in rows.order_by("id")[:limit])


@transaction.atomic
def _apply(held: HeldReport, meaning: str) -> bool:
    """Whoever deletes the row applies it."""
    if not HeldReport.objects.filter(pk=held.pk).delete()[0]:
        return False
    if meaning not in (NO_PROGRESS, IGNORE):
        report = replace(Report(**held.report), status=meaning)
        apply_report(credential_id=held.webhook.endpoint.credential_id, report=report)
    if held.request_id and not HeldReport.objects.filter(request_id=held.request_id).exists():
        InboundRequest.objects.filter(pk=held.request_id, state=RequestState.QUARANTINED).update(
            state=RequestState.PROCESSED,
            reason=f'The status "{held.word[:100]}" was given its meaning later; the report is applied.',
        )
    return True
