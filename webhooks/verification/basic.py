"""HTTP Basic (RFC 7617): the user name and password that stand in the URL at the provider."""

from __future__ import annotations

import base64
import binascii

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Cause, Verdict, refused
from webhooks.verification.scheme import Problem, Scheme, same


class Basic(Scheme):
    """User name and password in the Authorization header."""

    kind = "basic"
    label = "Basic"
    help = "At the provider: user name and password of the webhook, or https://user:password@… as its URL."
    fields = ("username",)
    required = frozenset({"username"})
    secret_label = "Password"  # noqa: S105  a label
    mismatch = "User name or password does not match."

    def problems(self) -> list[Problem]:
        found = super().problems()
        if ":" in self.spec.username:
            found.append(Problem("username", "A user name for HTTP Basic cannot contain a colon."))
        return found

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        given = callback.headers.get("Authorization")
        if given is None:
            return self.missing("Authorization")
        scheme, _, coded = given.strip().partition(" ")
        if scheme.lower() != "basic":
            return refused(Cause.UNREADABLE, "The Authorization header is not of the type Basic.")
        try:
            pair = base64.b64decode(coded.strip().encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return refused(Cause.UNREADABLE, "The Authorization header is not base64.")
        expected = self.spec.username.encode("utf-8", "surrogatepass") + b":" + key
        return ACCEPTED if same(pair, expected) else refused(Cause.MISMATCH, self.mismatch)
