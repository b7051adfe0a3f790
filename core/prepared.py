"""Statements of the hottest paths, parsed and planned once per connection on PostgreSQL; elsewhere run as usual.

Behind a pooler that hands connections from one transaction to another, prepared statements need its help (PgBouncer
1.21: max_prepared_statements). DISABLE_SERVER_SIDE_CURSORS, which Django asks for there, switches them off too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection


def execute(sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
    """The rows that a statement returns ([] for none) and how many rows it touched."""
    if connection.vendor != "postgresql" or connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return (cursor.fetchall() if cursor.description else []), int(cursor.rowcount)
    import psycopg

    connection.ensure_connection()
    raw: Any = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        # Only here: Django's own cursors put values into the text, which nobody asks for twice.
        raw.prepare_threshold = 0
        try:
            cursor.execute(sql, values, prepare=True)
        finally:
            raw.prepare_threshold = None
        return (cursor.fetchall() if cursor.description else []), int(cursor.rowcount)
