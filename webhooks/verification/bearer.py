"""A fixed bearer token (RFC 6750)."""

from __future__ import annotations

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Cause, Verdict, refused
from webhooks.verification.scheme import Scheme, same


class Bearer(Scheme):
    """`Authorization: Bearer <token>`."""

    kind = "bearer"
    label = "Bearer token"
    help = "At the provider: the token or access key of the webhook."
    secret_label = "Token"  # noqa: S105  a label
    mismatch = "The token does not match."

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        given = callback.headers.get("Authorization")
        if given is None:
            return self.missing("Authorization")
        scheme, _, token = given.strip().partition(" ")
        if scheme.lower() != "bearer":
            return refused(Cause.UNREADABLE, "The Authorization header is not of the type Bearer.")
        return ACCEPTED if same(token.strip(), key) else refused(Cause.MISMATCH, self.mismatch)
