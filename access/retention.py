"""The one door through which evidence rows leave, and what this app keeps no longer than it must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from access.models import AuditEntry, RetentionMark


@contextmanager
def door_open() -> Iterator[None]:
    """A transaction in which the triggers let old rows of evidence tables go; nobody else sees the door open."""
    with transaction.atomic():
        mark = RetentionMark.objects.create()
        yield
        mark.delete()


def delete_evidence(model: type[models.Model], column: str, values: Sequence[Any]) -> int:
    """Delete the rows whose column has one of the values; works only inside `door_open`. Gives how many."""
    if not values:
        return 0
    field: Any = model._meta.get_field(column)
    quote = connection.ops.quote_name
    table, places = quote(model._meta.db_table), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE {quote(field.column)} IN ({places})",
            [field.get_db_prep_value(value, connection) for value in values],
        )
        return int(cursor.rowcount)


def forget_audit(*, before: datetime, batch: int) -> int:
    """Delete up to `batch` of the oldest audit entries from before a moment; gives how many."""
    old = AuditEntry.objects.filter(at__lt=before).order_by("at", "id")
    ids = list(old.values_list("id", flat=True)[:batch])
    if not ids:
        return 0
    with door_open():
        return delete_evidence(AuditEntry, "id", ids)
