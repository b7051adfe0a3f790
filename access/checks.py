"""The audit trail's triggers are in place; nobody may claim any address as his own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from access.triggers import TRIGGERS
from core import triggers as core_triggers
from core.triggers import Trigger

HINT = (
    "Find out who removed them: evidence may have been changed meanwhile. "
    "`manage.py migrate --skip-checks` puts them back."
)


def missing_triggers(wanted: Iterable[Trigger] = TRIGGERS, *, using: str = "default") -> list[str]:
    """Names of triggers whose table exists and that are not there."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    return core_triggers.missing(connection, [trigger for trigger in wanted if trigger.table in tables])


def trigger_errors(
    wanted: Iterable[Trigger], *, using: Sequence[str], what: str, code: str
) -> list[CheckMessage]:
    """A check error that names what is missing, for each database given."""
    wanted = tuple(wanted)
    found = {alias: missing_triggers(wanted, using=alias) for alias in using}
    return [
        Error(f"{what} can be changed: triggers {', '.join(names)} are missing.", hint=HINT, id=code)
        for names in found.values()
        if names
    ]


@register(Tags.database)
def check_audit_triggers(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """smsgateway.E021: the audit trail refuses changes."""
    return trigger_errors(TRIGGERS, using=databases or (), what="The audit trail", code="smsgateway.E021")


@register(Tags.security)
def check_trusted_proxies(**kwargs: Any) -> list[CheckMessage]:
    """smsgateway.E022: with everybody trusted, X-Forwarded-For is whatever a caller writes into it."""
    if all(network.prefixlen for network in settings.SMSGATEWAY_TRUSTED_PROXIES):
        return []
    text = "SMSGATEWAY_TRUSTED_PROXIES names the whole internet: any caller may claim any address."
    return [Error(text, hint="Name the networks of your own reverse proxies only.", id="smsgateway.E022")]
