"""Sinch: base64 HMAC-SHA256 over body, nonce and timestamp, joined by dots."""

from __future__ import annotations

import base64
import hmac
from typing import Final

from webhooks.callback import Callback
from webhooks.verification.base import Cause, Verdict, refused
from webhooks.verification.scheme import Scheme, same, seconds, unreadable_time
from webhooks.verification.spec import FUTURE

_SIGNATURE: Final = "x-sinch-webhook-signature"
_NONCE: Final = f"{_SIGNATURE}-nonce"
_TIMESTAMP: Final = f"{_SIGNATURE}-timestamp"
_ALGORITHM: Final = f"{_SIGNATURE}-algorithm"


class Sinch(Scheme):
    """Callbacks of Sinch, signed on request."""

    kind = "sinch"
    label = "Sinch signature"
    help = "Your Sinch account manager switches signing on and agrees on the secret with you."
    fields = ("tolerance",)
    secret_label = "Webhook secret"  # noqa: S105  a label

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        values = {name: callback.headers.get(name) for name in (_SIGNATURE, _NONCE, _TIMESTAMP, _ALGORITHM)}
        for name, value in values.items():
            if not value:
                return self.missing(name)
        given, nonce, timestamp, algorithm = (value or "" for value in values.values())
        if algorithm.strip().lower() != "hmacsha256":
            return refused(
                Cause.ALGORITHM, f"The header {_ALGORITHM} names another algorithm than HmacSHA256."
            )
        moment = seconds(timestamp)
        if moment is None:
            return unreadable_time(_TIMESTAMP)
        if problem := self.uncovered(callback):
            return problem
        ending = f".{nonce}.{timestamp}".encode("utf-8", "surrogatepass")
        if not same(given, base64.b64encode(hmac.digest(key, callback.body + ending, "sha256"))):
            return refused(Cause.MISMATCH, self.mismatch)
        until = moment + self.spec.tolerance + FUTURE
        return self.age(callback, moment) or Verdict(valid=True, nonce=nonce, until=until)
