"""Callbacks that were not believed: counted, and the latest kept, so that staff find the fault."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Sum

from core.clock import now
from core.errors import SecretUnreadable
from webhooks.callback import Callback
from webhooks.models import RefusalCount, RefusedCallback, Webhook
from webhooks.verification import SCHEMES, Cause, Verdict

log = logging.getLogger(__name__)

KEPT: Final = 20  # rows per webhook
_LOOK_BACK: Final = timedelta(hours=24)
_COUNTED_FOR: Final = timedelta(days=8)
_AT_ONCE: Final = 20  # refusals of a webhook written one by one; of more only each second's last is
_MOST_NAMES: Final = 40
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Refusals:
    """What staff read about a webhook's refusals of the last 24 hours."""

    count: int
    latest: list[RefusedCallback]
    hint: str


def keep(*, webhook: Webhook, callback: Callback, verdict: Verdict) -> None:
    """Count a refusal and keep what helps to find the fault. Never in the way of the answer."""
    log.warning("webhook %s: a callback was refused: %s", webhook.id, verdict.reason)
    count = _budget.spend(webhook.id)
    if not count:
        return
    try:
        with transaction.atomic():
            _insert(webhook, callback, verdict)
            _count(webhook, count)
    except DatabaseError:
        log.warning("webhook %s: a refused callback could not be noted", webhook.id, exc_info=True)


def of_webhook(webhook: Webhook) -> Refusals:
    """How many there were, the latest, and what to do about the latest cause."""
    latest = list(webhook.refused.all()[:KEPT])
    since = RefusalCount.objects.filter(webhook=webhook, hour__gt=now() - _LOOK_BACK)
    count = since.aggregate(total=Sum("count"))["total"] or 0
    return Refusals(count, latest, hint_of(webhook, latest[0]) if latest else "")


def recent(*, most: int = 5) -> list[tuple[Webhook, int]]:
    """Webhooks that refused callbacks in the last 24 hours, with how many; the worst first."""
    rows = RefusalCount.objects.filter(hour__gt=now() - _LOOK_BACK).values("webhook")
    counts = {
        row["webhook"]: row["total"] for row in rows.annotate(total=Sum("count")).order_by("-total")[:most]
    }
    found = Webhook.objects.in_bulk(counts)
    return [(found[pk], total) for pk, total in counts.items() if pk in found]


def forget_old() -> int:
    """Drop counts that nobody asks for any more; gives how many."""
    return RefusalCount.objects.filter(hour__lt=now() - _COUNTED_FOR).delete()[0]


def hint_of(webhook: Webhook, refusal: RefusedCallback) -> str:
    """What most likely is wrong, in words that say what to do."""
    hint = _HINTS.get(refusal.cause, "")
    if refusal.cause == Cause.MISMATCH and refusal.signed_url:
        hint = (
            f"Most likely the secret is wrong, or the provider signs another URL: {refusal.signed_url} was checked. "
            "Compare both with what the provider shows."
        )
    scheme = SCHEMES.get(webhook.verify_scheme)
    where = f" {scheme.help}" if scheme and refusal.cause in _ABOUT_SECRET else ""
    return hint + where


_ABOUT_SECRET: Final = frozenset({Cause.MISMATCH, Cause.NOT_SET_UP})
_HINTS: Final[Mapping[str, str]] = {
    Cause.NOT_SET_UP: "Nobody's word can be taken until the settings below are complete.",
    Cause.ADDRESS: (
        "Add the address to Allowed addresses if it is your provider's. Behind a proxy, SMSGATEWAY_TRUSTED_PROXIES "
        "must name the proxy, else its address is the one that is seen."
    ),
    Cause.MISSING: (
        "The provider did not sign. Switch signing on at the provider, and compare the name of the header."
    ),
    Cause.UNREADABLE: "Somebody else called, or the provider signs in another way than the one chosen below.",
    Cause.ALGORITHM: "The provider signs with another algorithm, or somebody tried to choose a weaker one.",
    Cause.MISMATCH: "Most likely the secret is wrong. Compare it with what the provider shows.",
    Cause.URL: "The provider signed another URL. Compare the URL at the provider with the one that was checked.",
    Cause.BODY: "The body was changed on its way: look for a proxy that rewrites bodies.",
    Cause.ISSUER: "Compare Issuer with what the provider's documentation says.",
    Cause.UNCOVERED: "What was sent is not covered by the signature, so anybody could have written it.",
    Cause.OLD: (
        "A repeated call, or a wrong clock: check the time of this machine. A provider that repeats calls without "
        "signing them anew needs a larger Oldest signature."
    ),
    Cause.FUTURE: "A wrong clock: check the time of this machine.",
    Cause.REPLAYED: "Somebody sent a call again that was taken already. Nothing was done.",
}


class _Budget:
    """How often refusals are written: a flood of forged calls must not become a flood of writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[uuid.UUID, tuple[float, float, int]] = {}

    def spend(self, webhook_id: uuid.UUID) -> int:
        """How many refusals to count now: this one and those that were not written; 0 to write nothing."""
        with self._lock:
            moment = time.monotonic()
            tokens, since, waiting = self._left.get(webhook_id, (float(_AT_ONCE), moment, 0))
            tokens = min(float(_AT_ONCE), tokens + moment - since)
            if tokens < 1:
                self._left[webhook_id] = (tokens, moment, waiting + 1)
                return 0
            self._left[webhook_id] = (tokens - 1, moment, 0)
            return waiting + 1


_budget: Final = _Budget()


def _insert(webhook: Webhook, callback: Callback, verdict: Verdict) -> None:
    names = sorted(name[:_LONGEST_NAME] for name in callback.headers)[:_MOST_NAMES]
    RefusedCallback.objects.create(
        webhook=webhook,
        refused_at=callback.received_at,
        cause=verdict.cause or "",
        reason=verdict.reason[:500],
        address=callback.address[:45],
        method=callback.method[:8],
        header_names=names,
        body_size=len(callback.body),
        signed_url=_without_token(webhook, verdict.signed_url)[:1000],
    )
    surplus = webhook.refused.values_list("pk", flat=True)[KEPT : KEPT + 100]
    RefusedCallback.objects.filter(pk__in=list(surplus)).delete()


def _count(webhook: Webhook, count: int) -> None:
    hour = now().replace(minute=0, second=0, microsecond=0)
    row = RefusalCount.objects.filter(webhook=webhook, hour=hour)
    if row.update(count=F("count") + count):
        return
    try:
        with transaction.atomic():
            RefusalCount.objects.create(webhook=webhook, hour=hour, count=count)
    except IntegrityError:
        row.update(count=F("count") + count)


def _without_token(webhook: Webhook, url: str) -> str:
    try:
        return url.replace(webhook.endpoint.token, "…") if url else ""
    except SecretUnreadable:
        return ""
