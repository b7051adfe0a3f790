"""The ledger's triggers are in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from access import checks as access_checks
from consent.triggers import TRIGGERS


def missing_triggers(*, using: str = "default") -> list[str]:
    """Names of ledger triggers that should be there and are not; looked at when the gateway starts."""
    return access_checks.missing_triggers(TRIGGERS, using=using)


@register(Tags.database)
def check_ledger_triggers(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """smsgateway.E020: the consent ledger refuses changes."""
    return access_checks.trigger_errors(
        TRIGGERS, using=databases or (), what="The consent ledger", code="smsgateway.E020"
    )
