"""A nonce is used once: claimed before its callback is processed, settled after, given back when we failed.

A provider that repeats a call which we answered with 5xx finds its nonce free. One that repeats a call which was taken,
because our answer was lost, gets the same answer again without effect. Anything else with the same nonce is a replay.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from core.clock import now
from webhooks.callback import Callback
from webhooks.models import UsedNonce, Webhook
from webhooks.verification import Cause, Verdict
from webhooks.verification.base import refused

_LEASE: Final = timedelta(seconds=60)  # after that whoever claimed a nonce has died
_PATIENCE: Final = 3.0  # seconds to wait for the outcome of the same call in another thread
_STEP: Final = 0.05


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a nonce. `verdict` is the call's own or a refusal; `id` is what `settle` needs, None for none.

    `repeats`: the very same call was taken already. `busy`: it is being processed at this moment.
    """

    verdict: Verdict
    id: uuid.UUID | None = None
    repeats: bool = False
    busy: bool = False


def claim(*, webhook: Webhook, callback: Callback, verdict: Verdict) -> Claim:
    """Use the nonce of a valid call; the second time the verdict is a refusal."""
    if not verdict.valid or not verdict.nonce:
        return Claim(verdict)
    until = max(datetime.fromtimestamp(verdict.until, UTC), callback.received_at)
    wanted = UsedNonce(
        webhook=webhook,
        digest=_digest(verdict.nonce.encode("utf-8", "surrogatepass")),
        call_digest=_call_digest(callback),
        claim=uuid.uuid4(),
        claimed_at=now(),
        expires_at=until,
    )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if _insert(wanted):
            return Claim(verdict, wanted.claim)
        found = UsedNonce.objects.filter(webhook=webhook, digest=wanted.digest).first()
        if found is not None:  # else it was given back in between
            if found.call_digest != wanted.call_digest:
                return Claim(_REPLAYED)
            if found.taken:
                _remember_longer(found, until)
                return Claim(_REPLAYED, repeats=True)
            if _take_over(found, wanted):
                return Claim(verdict, wanted.claim)
        time.sleep(_STEP)
    return Claim(_REPLAYED, busy=True)


def settle(claimed: Claim, *, taken: bool) -> None:
    """Say whether the call was taken; the nonce of one that was not may be used again."""
    if claimed.id is None:
        return
    row = UsedNonce.objects.filter(claim=claimed.id)
    if taken:
        row.update(taken=True)
    else:
        row.delete()


def forget_expired() -> int:
    """Drop nonces whose calls would be refused for their age by now; gives how many."""
    return UsedNonce.objects.filter(expires_at__lt=now()).delete()[0]


_REPLAYED: Final = refused(Cause.REPLAYED, "Its nonce was used already: this is a repeated call.")


def _insert(wanted: UsedNonce) -> bool:
    try:
        with transaction.atomic():
            wanted.pk = None
            wanted.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _take_over(found: UsedNonce, wanted: UsedNonce) -> bool:
    """Claim what somebody claimed who has died since."""
    if now() - found.claimed_at < _LEASE:
        return False
    still = UsedNonce.objects.filter(pk=found.pk, claim=found.claim, taken=False)
    return bool(still.update(claim=wanted.claim, claimed_at=now(), expires_at=wanted.expires_at))


def _remember_longer(found: UsedNonce, until: datetime) -> None:
    """A nonce may be signed anew with a later time, as Standard Webhooks does for a repeat."""
    if until > found.expires_at:
        UsedNonce.objects.filter(pk=found.pk).update(expires_at=until)


def _call_digest(callback: Callback) -> str:
    """What makes two calls the same: everything that is read of them."""
    said = "\0".join((callback.method, callback.path, callback.query, callback.content_type, ""))
    return _digest(said.encode("utf-8", "surrogatepass") + callback.body)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
