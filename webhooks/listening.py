"""Listening: for an hour the next callbacks of a webhook are kept as samples to map on.

Nothing changes on the way in: every callback is in the raw log anyway, and is copied from there by whoever looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from core.clock import now
from webhooks.callback import Callback
from webhooks.models import InboundRequest, KeptSample, SampleSource, Webhook

LISTENS_FOR = timedelta(hours=1)
MOST_CAUGHT = 20
MOST_KEPT = 100


@dataclass(frozen=True)
class Listening:
    """Whether a webhook listens, until when, and how many callbacks it still takes."""

    on: bool
    until: datetime | None
    left: int


def start(*, webhook: Webhook, most: int = MOST_CAUGHT) -> None:
    """Keep the next callbacks, at most so many, for an hour."""
    moment = now()
    _set(webhook, since=moment, until=moment + LISTENS_FOR, most=max(1, min(most, MOST_KEPT)))


def stop(*, webhook: Webhook) -> None:
    """Keep what came so far and no more."""
    collect(webhook=webhook)
    _set(webhook, since=None, until=None, most=0)


def state_of(webhook: Webhook) -> Listening:
    """How it stands now."""
    if webhook.listening_since is None or webhook.listening_until is None:
        return Listening(False, None, 0)
    left = webhook.listening_most - _caught(webhook)
    on = webhook.listening_until > now() and left > 0
    return Listening(on, webhook.listening_until, max(left, 0))


def collect(*, webhook: Webhook) -> int:
    """Copy what came while the webhook listened and is not a sample yet; gives how many. Twice is harmless."""
    if webhook.listening_since is None or webhook.listening_until is None:
        return 0
    room = webhook.listening_most - _caught(webhook)
    if room <= 0:
        return 0
    came = InboundRequest.objects.filter(
        webhook=webhook, received_at__gte=webhook.listening_since, received_at__lt=webhook.listening_until
    )
    known = webhook.samples.filter(taken_from__isnull=False).values("taken_from")
    fresh = list(came.exclude(pk__in=known).order_by("received_at")[:room])
    KeptSample.objects.bulk_create([_copy(raw, webhook) for raw in fresh], ignore_conflicts=True)
    return len(fresh)


def keep_callback(*, webhook: Webhook, raw: InboundRequest) -> KeptSample:
    """Keep a callback of the raw log as a sample; once."""
    KeptSample.objects.bulk_create([_copy(raw, webhook)], ignore_conflicts=True)
    _forget_oldest(webhook)
    return KeptSample.objects.get(webhook=webhook, taken_from=raw.pk)


def keep_pasted(*, webhook: Webhook, callback: Callback) -> KeptSample:
    """Keep a pasted callback as a sample."""
    sample = KeptSample(
        webhook=webhook,
        source=SampleSource.PASTED,
        method=callback.method[:8],
        role=callback.role[:50],
        content_type=callback.content_type[:100],
        query=callback.query,
    )
    sample.keep_body(callback.body)
    sample.save(force_insert=True)
    _forget_oldest(webhook)
    return sample


def samples_of(webhook: Webhook) -> QuerySet[KeptSample]:
    """The kept samples, newest first."""
    return webhook.samples.order_by("-received_at")[:MOST_KEPT]


def _set(webhook: Webhook, *, since: datetime | None, until: datetime | None, most: int) -> None:
    # Not save(): how callbacks are read does not change, so nothing has to be read anew.
    Webhook.objects.filter(pk=webhook.pk).update(
        listening_since=since, listening_until=until, listening_most=most
    )
    webhook.listening_since, webhook.listening_until, webhook.listening_most = since, until, most


def _caught(webhook: Webhook) -> int:
    caught = webhook.samples.filter(source=SampleSource.CAUGHT, received_at__gte=webhook.listening_since)
    return caught.filter(received_at__lt=webhook.listening_until).count()


def _copy(raw: InboundRequest, webhook: Webhook) -> KeptSample:
    return KeptSample(
        webhook=webhook,
        source=SampleSource.CAUGHT,
        taken_from=raw.pk,
        method=raw.method,
        role=getattr(raw, "role", ""),
        content_type=raw.content_type,
        query=raw.query,
        body=raw.body,
        body_is_base64=raw.body_is_base64,
        received_at=raw.received_at,
    )


def _forget_oldest(webhook: Webhook) -> None:
    kept = webhook.samples.order_by("-received_at").values_list("pk", flat=True)[:MOST_KEPT]
    webhook.samples.exclude(pk__in=list(kept)).delete()
