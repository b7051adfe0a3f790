"""Settings of whoever watches the gateway that would be unsafe."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SHORTEST_TOKEN: Final = 16


@register(Tags.security)
def check_metrics_token(**kwargs: Any) -> list[CheckMessage]:
    """smsgateway.E050: a token that can be guessed is none."""
    token = settings.SMSGATEWAY_METRICS_TOKEN
    if not token or (len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable()):
        return []
    text = f"SMSGATEWAY_METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more, letters and digits."
    return [Error(text, hint="`openssl rand -hex 24` makes one.", id="smsgateway.E050")]
