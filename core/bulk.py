"""Writing rows with statements built once per shape, on both engines: INSERT, and `UPDATE … FROM (VALUES …)`.

The ORM builds its SQL anew for every call, which costs more than the statement itself; on the paths that every message
takes (accept, gate, result, report) rows are written through here. Model.save() is not called, signals are not sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from core import prepared

Model = TypeVar("Model", bound=models.Model)
_FEW = 4  # rows for which a statement of its own is worth preparing


def insert_rows(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], *, returning: str = ""
) -> list[Any]:
    """Insert rows that name the same fields; the others get the defaults that the model declares.

    Gives the `returning` column of each new row, in order.
    """
    if not rows:
        return []
    fields, blanks = _insertable(model, frozenset(rows[0]))
    values = _prepared(
        (field, row[name] if name in row else (default() if callable(default) else default))
        for row in rows
        for name, field, default in blanks
    )
    return _insert(model, fields, len(rows), values, returning)


def new(model: type[Model], **values: Any) -> Model:
    """An instance made of column values (`webhook_id=…`), the defaults for the rest; not saved.

    Model(**values) asks each field and each relation anew, which takes several times as long.
    """
    row = [
        values.pop(name) if name in values else (default() if callable(default) else default)
        for name, _, default in _columns(model)
    ]
    return model(*row, **values)


def insert(instance: models.Model) -> None:
    """Insert one new instance whose primary key is known; fields that seal or stamp themselves do so."""
    fields, values = _columns_of(instance)
    _insert(type(instance), fields, 1, values, "")
    instance._state.adding = False


def insert_all(instances: Sequence[models.Model], *, chunk: int = 100) -> None:
    """Insert new instances of one model whose primary keys are known, `chunk` rows a statement."""
    for start in range(0, len(instances), chunk):
        columns = [_columns_of(instance) for instance in instances[start : start + chunk]]
        values = [value for _, row in columns for value in row]
        _insert(type(instances[0]), columns[0][0], len(columns), values, "")
    for instance in instances:
        instance._state.adding = False


def insert_once(instance: models.Model, *, asking: prepared.Question | None = None) -> bool:
    """The same unless a row with the same unique values is there: False then. A parallel copy waits for the first.

    `asking` is put along with it, see `prepared.write_and_ask`.
    """
    fields, values = _columns_of(instance)
    sql = _insert_statement(type(instance), fields, 1, "") + " ON CONFLICT DO NOTHING"
    if not prepared.write_and_ask(sql, values, asking):
        return False
    instance._state.adding = False
    return True


@dataclass(frozen=True, slots=True)
class InsertWhere:
    """An INSERT … SELECT that lacks its source: append FROM and a table, it inserts once for each row."""

    sql: str
    values: list[Any]


def insert_where(instance: models.Model) -> InsertWhere:
    """What inserts a new instance as the last part of a longer statement, if that statement finds what it looks for."""
    fields, values = _columns_of(instance)
    return InsertWhere(_insert_where_statement(type(instance), fields), values)


def update_rows(
    model: type[models.Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str | tuple[str, ...] = "id",
    where: str = "",
) -> int:
    """Set each row's fields where its `key` matches; every row has the same fields, those of the key among them.

    `where` adds a condition on the table (named `t`), such as "t.state = 'sending'". Gives how many rows changed.
    55-140 times cheaper in client CPU than bulk_update.
    """
    if not rows:
        return 0
    sql, values = _update(model, rows, (key,) if isinstance(key, str) else key, where)
    if len(rows) == 1:
        return prepared.execute(sql, values)[1]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def set_row(model: type[models.Model], row: Mapping[str, Any]) -> None:
    """Set the fields of the row with this `id`; nobody asks whether it was there."""
    prepared.write(*_update(model, [row], ("id",), ""))


def written(model: type[models.Model], names: tuple[str, ...], values: Iterable[Any]) -> list[Any]:
    """Values of the fields of these names (attnames) as the database wants them, for a statement of one's own."""
    return _prepared(zip(_named(model, names), values, strict=True))


@lru_cache(maxsize=64)
def _named(model: type[models.Model], names: tuple[str, ...]) -> tuple[Any, ...]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return tuple(fields[name] for name in names)


def _update(
    model: type[models.Model], rows: Sequence[Mapping[str, Any]], keys: tuple[str, ...], where: str
) -> tuple[str, list[Any]]:
    sql, fields = _update_statement(model, tuple(rows[0]), len(rows), keys, where)
    return sql, _prepared((field, row[name]) for row in rows for name, field in fields)


def _insert(
    model: type[models.Model], fields: tuple[Any, ...], count: int, values: list[Any], returning: str
) -> list[Any]:
    sql = _insert_statement(model, fields, count, returning)
    if not returning and count <= _FEW:
        prepared.write(sql, values)
        return []
    if count == 1:
        return [row[0] for row in prepared.execute(sql, values)[0]]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()] if returning else []


def _columns_of(instance: models.Model) -> tuple[tuple[Any, ...], list[Any]]:
    fields, _ = _insertable(type(instance), frozenset({"id"}))
    return fields, _prepared((field, field.pre_save(instance, True)) for field in fields)


@lru_cache(maxsize=256)
def _insertable(
    model: type[models.Model], named: frozenset[str]
) -> tuple[tuple[Any, ...], tuple[tuple[str, Any, Any], ...]]:
    """Every column but an automatic key that is not named; and each as (name, field, default or what makes it)."""
    fields = tuple(
        field
        for field in model._meta.concrete_fields
        if field.attname in named or not isinstance(field, models.AutoField)
    )
    unknown = named - {field.attname for field in fields}
    if unknown:
        raise ValueError(f"{model.__name__} has no fields {sorted(unknown)}")
    return fields, tuple((field.attname, field, _default_of(field)) for field in fields)


@lru_cache(maxsize=64)
def _columns(model: type[models.Model]) -> tuple[tuple[str, Any, Any], ...]:
    return tuple((field.attname, field, _default_of(field)) for field in model._meta.concrete_fields)


def _default_of(field: Any) -> Any:
    """The value that a field has without a word about it, or the function that makes one each time."""
    made_anew: Callable[[], Any] = field.get_default
    return made_anew if callable(field.default) else made_anew()


@lru_cache(maxsize=512)
def _insert_statement(model: type[models.Model], fields: tuple[Any, ...], count: int, returning: str) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    ending = f" RETURNING {quote(returning)}" if returning else ""
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join([row] * count)}{ending}"


@lru_cache(maxsize=64)
def _insert_where_statement(model: type[models.Model], fields: tuple[Any, ...]) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) SELECT {', '.join(map(_placeholder, fields))}"
    )


@lru_cache(maxsize=512)
def _update_statement(
    model: type[models.Model], names: tuple[str, ...], count: int, keys: tuple[str, ...], where: str
) -> tuple[str, tuple[tuple[str, Any], ...]]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    # Both engines call the columns of a VALUES list column1, column2, …
    given = [
        (name, quote(field.column), f"v.column{number}")
        for number, (name, field) in enumerate(zip(names, fields, strict=True), start=1)
    ]
    row = "(" + ", ".join(_placeholder(field) for field in fields) + ")"
    changes = ", ".join(f"{column} = {value}" for name, column, value in given if name not in keys)
    matches = " AND ".join(f"t.{column} = {value}" for name, column, value in given if name in keys)
    sql = (
        f"UPDATE {quote(model._meta.db_table)} AS t SET {changes} "
        f"FROM (VALUES {', '.join([row] * count)}) AS v WHERE {matches}"
    )
    return sql + (f" AND {where}" if where else ""), tuple(zip(names, fields, strict=True))


def _placeholder(field: Any) -> str:
    return f"%s::{field.db_type(connection)}" if connection.vendor == "postgresql" else "%s"


def _prepared(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Each field's value as the database wants it."""
    # The connection itself: through the proxy each of its attributes is looked up in a thread's storage first.
    db = connections[DEFAULT_DB_ALIAS]
    as_they_are = _AS_THEY_ARE[db.vendor == "postgresql"]
    return [
        value
        if (type(field), type(value)) in as_they_are and (type(value) is not datetime or value.tzinfo)
        else field.get_db_prep_save(value, connection=db)
        for field, value in pairs
    ]


# Fields that leave values of these types as they are; asking each field takes longer than all else.
_NONE = type(None)
_PLAIN: dict[type, tuple[type, ...]] = {
    models.CharField: (str, _NONE), models.TextField: (str, _NONE),
    models.BooleanField: (bool, _NONE), models.BigIntegerField: (int, _NONE), models.IntegerField: (int, _NONE),
    models.PositiveIntegerField: (int, _NONE), models.PositiveSmallIntegerField: (int, _NONE),
}  # fmt: skip
# PostgreSQL knows times and UUIDs itself.
_NATIVE: dict[type, tuple[type, ...]] = _PLAIN | {
    models.DateTimeField: (datetime, _NONE), models.UUIDField: (uuid.UUID, _NONE),
    models.ForeignKey: (int, uuid.UUID, _NONE), models.OneToOneField: (int, uuid.UUID, _NONE),
    models.BigAutoField: (int,), models.AutoField: (int,),
}  # fmt: skip
_AS_THEY_ARE = {
    native: frozenset((field, value) for field, values in table.items() for value in values)
    for native, table in ((False, _PLAIN), (True, _NATIVE))
}
