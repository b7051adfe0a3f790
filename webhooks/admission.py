"""Whether a callback is let in: believed, and not taken before. What is refused is noted for staff."""

from __future__ import annotations

import logging

from django.db import DatabaseError

from webhooks import nonces, refusals
from webhooks.callback import Callback
from webhooks.models import Webhook
from webhooks.nonces import Claim
from webhooks.secrets import note_use
from webhooks.verification import Verdict
from webhooks.verifying import verifier_of

log = logging.getLogger(__name__)


def admit(*, webhook: Webhook, callback: Callback) -> Claim:
    """Verify a callback and use its nonce; `settle` must follow where it is processed."""
    verdict = verifier_of(webhook).check(callback)
    claim = _claim(webhook, callback, verdict) if verdict.valid else Claim(verdict)
    if not (claim.verdict.valid or claim.repeats or claim.busy):
        refusals.keep(webhook=webhook, callback=callback, verdict=claim.verdict)
    return claim


def settle(claim: Claim, *, taken: bool) -> None:
    """Say whether the callback was taken."""
    try:
        nonces.settle(claim, taken=taken)
    except DatabaseError:  # the claim lapses, and a repeat finds what was done already
        log.warning("a used nonce could not be settled", exc_info=True)


def _claim(webhook: Webhook, callback: Callback, verdict: Verdict) -> Claim:
    try:
        if verdict.secret:
            note_use(verdict.secret, callback.received_at)
        return nonces.claim(webhook=webhook, callback=callback, verdict=verdict)
    except DatabaseError:  # it may be spooled; processing a repeat has no effect
        log.warning("webhook %s: the nonce of a callback could not be claimed", webhook.id, exc_info=True)
        return Claim(verdict)
