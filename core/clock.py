"""One place that tells the time."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """This machine's time, aware, UTC."""
    return timezone.now()


def database_now() -> datetime:
    """The database's time: leases and due times are compared by it, whatever a worker's own clock says."""
    sql = (
        "SELECT clock_timestamp()"
        if connection.vendor == "postgresql"
        else ("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (value,) = cursor.fetchone()
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
