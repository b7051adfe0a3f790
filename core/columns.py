"""Thousands of rows at once: COPY, or columns as arrays, on PostgreSQL; one prepared statement run per row on SQLite.

A `VALUES` list of that length costs more to take apart than to store. For short lists see `core.bulk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """The next primary keys of an append-only table, to be used in this transaction."""
    table, column = model._meta.db_table, str(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # The write transaction is ours alone, and no row was ever deleted.
        cursor.execute(f"SELECT coalesce(max({column}), 0) FROM {table}")
        (last,) = cursor.fetchone()
    return list(range(last + 1, last + 1 + count))


def insert_columns(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    replacing: Sequence[str] = (),
    ignoring: Sequence[str] = (),
) -> None:
    """Insert rows of values in the order of `names` (field attnames).

    `replacing` and `ignoring` name the fields of a unique constraint: a row that exists there gets the new values,
    or is left as it is.
    """
    fields = [_field(model, name) for name in names]
    columns = [_quoted(field) for field in fields]
    if connection.vendor == "postgresql" and not (replacing or ignoring):
        _copy(f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN", rows)
        return
    ending = ""
    key = [_quoted(_field(model, name)) for name in (*replacing, *ignoring)]
    if ignoring:
        ending = f" ON CONFLICT ({', '.join(key)}) DO NOTHING"
    if replacing:
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
        ending = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    head = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
    if connection.vendor == "postgresql":
        _execute_arrays(f"{head} SELECT * FROM {_unnest(fields)}{ending}", fields, rows)
    else:
        _execute_rows(f"{head} VALUES ({', '.join(['%s'] * len(fields))}){ending}", fields, rows)


def update_columns(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Set fields by primary key, which comes last in `names` and in every row."""
    fields = [_field(model, name) for name in names]
    *columns, key = [_quoted(field) for field in fields]
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        changes = ", ".join(f"{column} = v.{column}" for column in columns)
        source = f"{_unnest(fields)} AS v({', '.join([*columns, key])})"
        _execute_arrays(
            f"UPDATE {table} AS t SET {changes} FROM {source} WHERE t.{key} = v.{key}", fields, rows
        )
    else:
        changes = ", ".join(f"{column} = %s" for column in columns)
        _execute_rows(f"UPDATE {table} SET {changes} WHERE {key} = %s", fields, rows)


def _copy(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _execute_arrays(sql: str, fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])


def _execute_rows(sql: str, fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
    moments = [index for index, field in enumerate(fields) if isinstance(field, models.DateTimeField)]
    uuids = [index for index, field in enumerate(fields) if _is_uuid(field)]
    # The same few moments stand in all rows of a batch.
    adapted = lru_cache(maxsize=4096)(connection.ops.adapt_datetimefield_value)
    prepared = []
    for row in rows:
        values = list(row)
        for index in moments:
            values[index] = adapted(values[index])
        for index in uuids:
            values[index] = values[index].hex
        prepared.append(values)
    with connection.cursor() as cursor:
        cursor.executemany(sql, prepared)


def _is_uuid(field: Any) -> bool:
    return isinstance(getattr(field, "target_field", field), models.UUIDField)


def _unnest(fields: Sequence[Any]) -> str:
    return f"unnest({', '.join(f'%s::{field.cast_db_type(connection)}[]' for field in fields)})"


def _field(model: type[models.Model], attname: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == attname)


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(str(field.column))
