"""Many rows in one statement, by columns: what all rows share is said once, the rest goes along as one list a column.

A thousand events differ in their message only, so that is all that travels a thousand times. On PostgreSQL the lists
are arrays: the statement reads the same for any number of rows and is planned once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Fields = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    """Columns of rows: `shared` have one value for all, `own` one for each; `values` in the order of a statement."""

    shared: Fields
    own: Fields
    count: int
    values: list[Any]


def fold(fields: Fields, columns: Sequence[Sequence[Any]], *, keep: Fields = ()) -> Folded:
    """Tell apart what rows share; `columns` has a list of values for each field, `keep` are never said once."""
    db = connections[DEFAULT_DB_ALIAS]
    count = len(columns[0])
    shared, own, values, lists = [], [], [], []
    for field, column in zip(fields, columns, strict=True):
        if field not in keep and column.count(column[0]) == count:
            shared.append(field)
            values += _prepared(field, column[:1], db)
        else:
            own.append(field)
            lists.append(column)
    if not own:  # rows that are all alike
        own, lists, _ = [shared.pop()], [columns[-1]], values.pop()
    if db.vendor == "postgresql":
        values += [_array(field, column, db) for field, column in zip(own, lists, strict=True)]
    else:
        prepared = [_prepared(field, column, db) for field, column in zip(own, lists, strict=True)]
        values += chain.from_iterable(zip(*prepared, strict=True))
    return Folded(tuple(shared), tuple(own), count, values)


def insert_sql(
    model: type[models.Model], folded: Folded, returning: tuple[str, ...], *, if_new: bool = False
) -> str:
    """INSERT … SELECT of folded rows; `returning` columns of each, in order.

    `if_new`: rows that a unique constraint refuses are left out.
    """
    return _insert_sql(model, folded.shared, folded.own, _shape(folded), returning, if_new)


def update_sql(model: type[models.Model], folded: Folded, keys: Fields, where: str) -> str:
    """UPDATE of the rows whose `keys` match; the table is `t` in `where`."""
    return _update_sql(model, folded.shared, folded.own, _shape(folded), keys, where)


def prepared_value(field: Any, value: Any) -> Any:
    """A field's value as the database wants it."""
    return prepared_values(field, (value,))[0]


def prepared_values(field: Any, column: Sequence[Any]) -> list[Any]:
    """Values of one field as the database wants them."""
    # The connection itself: through the proxy each of its attributes is looked up in a thread's storage first.
    return _prepared(field, column, connections[DEFAULT_DB_ALIAS])


def _prepared(field: Any, column: Sequence[Any], db: Any) -> list[Any]:
    as_they_are = _AS_THEY_ARE[db.vendor == "postgresql"]
    kind = type(field)
    return [
        value
        if (kind, type(value)) in as_they_are and (type(value) is not datetime or value.tzinfo)
        else field.get_db_prep_save(value, connection=db)
        for value in column
    ]


def _array(field: Any, column: Sequence[Any], db: Any) -> Any:
    """A column as one value. JSON goes as a JSON list: in an array each of its quotes would be escaped."""
    if isinstance(field, models.JSONField):
        return json.dumps(column, cls=field.encoder)
    values = _prepared(field, column, db)
    try:
        return "{" + ",".join([_WRITTEN[type(value)](value) for value in values]) + "}"
    except KeyError:  # of a type that the driver knows how to write
        return values


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# How an element stands in an array's text; the driver does the same, with an object and a look-up for each.
_WRITTEN: dict[type, Callable[[Any], str]] = {
    uuid.UUID: lambda value: value.hex,
    int: str,
    bool: lambda value: "t" if value else "f",
    str: _quoted,
    datetime: datetime.isoformat,
    type(None): lambda _: "NULL",
}


def placeholder(field: Any) -> str:
    """Where a value of the field goes."""
    return f"%s::{field.db_type(connection)}" if connection.vendor == "postgresql" else "%s"


def _shape(folded: Folded) -> int:
    """What a statement's text depends on: how many rows, where each has a placeholder of its own."""
    return 0 if connection.vendor == "postgresql" else folded.count


def _source(own: Fields, count: int) -> str:
    """The rows as a table `v` with columns column1, column2, …"""
    if not count:
        names = ", ".join(f"column{number}" for number in range(1, len(own) + 1))
        return f"ROWS FROM ({', '.join(map(_rows_of, own))}) AS v ({names})"
    row = f"({', '.join(['%s'] * len(own))})"
    return f"(VALUES {', '.join([row] * count)}) AS v"


def _rows_of(field: Any) -> str:
    if isinstance(field, models.JSONField):
        return "jsonb_array_elements(%s::jsonb)"
    return f"unnest(%s::{field.db_type(connection)}[])"


@lru_cache(maxsize=512)
def _insert_sql(
    model: type[models.Model],
    shared: Fields,
    own: Fields,
    count: int,
    returning: tuple[str, ...],
    if_new: bool,
) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in (*shared, *own))
    given = [*map(placeholder, shared), *(f"v.column{number}" for number in range(1, len(own) + 1))]
    # SQLite takes ON CONFLICT for a part of the join unless a WHERE stands before it.
    ending = " WHERE true ON CONFLICT DO NOTHING" if if_new else ""
    ending += f" RETURNING {', '.join(map(quote, returning))}" if returning else ""
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) "
        f"SELECT {', '.join(given)} FROM {_source(own, count)}{ending}"
    )


@lru_cache(maxsize=512)
def _update_sql(
    model: type[models.Model], shared: Fields, own: Fields, count: int, keys: Fields, where: str
) -> str:
    quote = connection.ops.quote_name
    numbered = {field: f"v.column{number}" for number, field in enumerate(own, start=1)}
    changes = [f"{quote(field.column)} = {placeholder(field)}" for field in shared]
    changes += [f"{quote(field.column)} = {value}" for field, value in numbered.items() if field not in keys]
    matches = [f"t.{quote(field.column)} = {numbered[field]}" for field in keys]
    return (
        f"UPDATE {quote(model._meta.db_table)} AS t SET {', '.join(changes)} "
        f"FROM {_source(own, count)} WHERE {' AND '.join(matches)}" + (f" AND {where}" if where else "")
    )


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
