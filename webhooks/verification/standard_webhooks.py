"""Standard Webhooks (standardwebhooks.com): base64 HMAC-SHA256 over id, timestamp and body, joined by dots.

Several signatures may stand in the header, separated by blanks, while the provider rotates its secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from webhooks.callback import Callback
from webhooks.verification.base import Cause, SecretInvalid, Verdict, refused
from webhooks.verification.scheme import Scheme, same, seconds, unreadable_time
from webhooks.verification.spec import FUTURE

_ID: Final = "webhook-id"
_TIMESTAMP: Final = "webhook-timestamp"
_SIGNATURE: Final = "webhook-signature"
_VERSION: Final = "v1,"
_MOST_SIGNATURES: Final = 20


class StandardWebhooks(Scheme):
    """A secret that begins with whsec_."""

    kind = "standard"
    label = "Standard Webhooks"
    help = "At the provider: the signing secret of the webhook; it begins with whsec_."
    fields = ("tolerance",)
    secret_label = "Signing secret"  # noqa: S105  a label

    def key_of(self, secret: str) -> bytes:
        try:
            key = base64.b64decode(secret.strip().removeprefix("whsec_").encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            key = b""
        if not key:
            raise SecretInvalid(
                "This is no signing secret: it is whsec_ followed by base64. Paste all of it."
            )
        return key

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        values = {name: callback.headers.get(name) for name in (_ID, _TIMESTAMP, _SIGNATURE)}
        for name, value in values.items():
            if not value:
                return self.missing(name)
        identifier, timestamp, given = (value or "" for value in values.values())
        moment = seconds(timestamp)
        if moment is None:
            return unreadable_time(_TIMESTAMP)
        if problem := self.uncovered(callback):
            return problem
        start = f"{identifier}.{timestamp}.".encode("utf-8", "surrogatepass")
        expected = base64.b64encode(hmac.digest(key, start + callback.body, "sha256")).decode()
        offered = given.split()[:_MOST_SIGNATURES]
        fits = [same(item, _VERSION + expected) for item in offered]
        if not any(fits):
            return refused(Cause.MISMATCH, self.mismatch)
        until = moment + self.spec.tolerance + FUTURE
        return self.age(callback, moment) or Verdict(valid=True, nonce=identifier, until=until)
