"""Times that must fit together, or messages would be taken from workers that are still at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from messaging.attempting import START_WITHIN_SECONDS

LEAST_TIMEOUT = 1.0
LEAST_CLAIM_LEASE = 5.0
# Seconds between passing the gate and a written result that are not the provider's.
_OUR_OWN = START_WITHIN_SECONDS + 3.0

# Setting, the least it may be, why, id.
_AT_LEAST: tuple[tuple[str, Callable[[], float], str, str], ...] = (
    (
        "SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS",
        lambda: LEAST_TIMEOUT,
        "providers need time to answer, and what they answer later is lost",
        "smsgateway.E030",
    ),
    (
        "SMSGATEWAY_CLAIM_LEASE_SECONDS",
        lambda: LEAST_CLAIM_LEASE,
        "a busy worker would lose messages it has just taken",
        "smsgateway.E031",
    ),
    (
        "SMSGATEWAY_SENDING_LEASE_SECONDS",
        lambda: settings.SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS + _OUR_OWN,
        "messages would become unknown while their provider still has time to answer",
        "smsgateway.E032",
    ),
)


@register(Tags.compatibility)
def check_times(**kwargs: Any) -> list[CheckMessage]:
    """smsgateway.E030, E031, E032: no time is shorter than what has to happen in it."""
    return [
        Error(f"{name} is below {least():g} seconds: {why}.", hint=f"Set it to {least():g} or more.", id=code)
        for name, least, why, code in _AT_LEAST
        if getattr(settings, name) < least()
    ]
