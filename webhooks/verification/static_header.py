"""A fixed text in a header."""

from __future__ import annotations

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Cause, Verdict, refused
from webhooks.verification.scheme import Scheme, same


class StaticHeader(Scheme):
    """The provider sends a header that you chose, such as X-Api-Key, with a secret value."""

    kind = "header"
    label = "Secret header"
    help = "At the provider: the custom header of the webhook. Its value is the secret."
    fields = ("header",)
    required = frozenset({"header"})
    secret_label = "Value of the header"  # noqa: S105  a label
    mismatch = "The value of the header does not match."

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        header = self.setting("header")
        given = callback.headers.get(header)
        if given is None:
            return self.missing(header)
        return ACCEPTED if same(given, key) else refused(Cause.MISMATCH, self.mismatch)
