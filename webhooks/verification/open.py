"""No signature: the unguessable URL is the key, with the caller's address where networks are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Verdict
from webhooks.verification.scheme import Scheme


class NoSignature(Scheme):
    """Takes every call with the URL's token."""

    kind = "none"
    label = "None"
    help = (
        "The unguessable URL is the only key. Name your provider's networks under Allowed addresses, if it publishes "
        "them."
    )

    def check(self, callback: Callback, keys: Sequence[Any]) -> tuple[Verdict, int]:
        return ACCEPTED, 0
