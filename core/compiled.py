"""Querysets of the hottest paths: turned into SQL once, run as prepared statements with other values ever after.

The ORM builds its SQL anew for every call and PostgreSQL plans it anew, which together cost several times as much as
the query. Values that change stand as a `Slot` in the queryset:

    _FIRST = Compiled(lambda: Message.objects.filter(subject=Slot("subject", BigIntegerField()))[:LIMIT])
    messages = _FIRST.instances({"subject": 7}, limit=64)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import Expression, Lookup, QuerySet

from core import instances, prepared

LIMIT = 987_654_321  # the end of a slice that `limit` replaces; nobody asks for so many rows
_END = object()


class Slot(Expression):
    """A value that is given when the query runs, in the shape of `field`."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A placeholder, with itself as the value."""
        return "%s", [_Given(self.name, self.output_field)]

    @property
    def identity(self) -> tuple[Any, ...]:
        """The name: two slots of one name are the same."""
        return (Slot, self.name)


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class AnyOf(Lookup):
    """`id__any_of=Slot("ids", UUIDField())`: one of a list, which is one value however long it is."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """`= ANY` an array; where there are none, in a JSON list."""
        left, values = self.process_lhs(compiler, connection)
        slot: Any = self.rhs
        if connection.vendor == "postgresql":
            sql = f"{left} = ANY(%s::{slot.output_field.db_type(connection)}[])"
        else:
            sql = f"{left} IN (SELECT value FROM json_each(%s))"
        return sql, [*values, _Given(slot.name, slot.output_field, is_list=True)]


@dataclass(frozen=True)
class _Given:
    """Where a value goes in a statement."""

    name: str
    field: models.Field[Any, Any]
    is_list: bool = False

    def value_of(self, given: Mapping[str, Any], db: Any) -> Any:
        value = given[self.name]
        if not self.is_list:
            return self.field.get_db_prep_value(value, db, prepared=False)
        values = [self.field.get_db_prep_value(one, db, prepared=False) for one in value]
        return values if db.vendor == "postgresql" else db.ops.adapt_json_value(values, None)


@dataclass(frozen=True)
class _Statement:
    """A queryset as SQL, and how its rows are read."""

    sql: str
    values: tuple[Any, ...]
    converters: tuple[tuple[int, tuple[Any, ...], Any], ...]
    model: type[models.Model]
    attributes: tuple[str, ...]  # columns of an instance, in order
    annotations: tuple[tuple[str, int], ...]


class Compiled:
    """A queryset compiled once per engine and `shape`, which `build` is called with: what the SQL text depends on."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._made: dict[tuple[Hashable, ...], _Statement] = {}

    def rows(
        self,
        given: Mapping[str, Any] | None = None,
        *,
        shape: Sequence[Hashable] = (),
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """Rows in the order of the columns that a `values_list` names; all of them, at once."""
        return self._run(given or {}, tuple(shape), limit)[1]

    def instances(
        self,
        given: Mapping[str, Any] | None = None,
        *,
        shape: Sequence[Hashable] = (),
        limit: int | None = None,
    ) -> list[Any]:
        """Instances with their annotations; related objects are not along."""
        statement, rows = self._run(given or {}, tuple(shape), limit)
        attributes, width = statement.attributes, len(statement.attributes)
        found = []
        for row in rows:
            instance = instances.stored(statement.model, attributes, row[:width])
            for name, position in statement.annotations:
                setattr(instance, name, row[position])
            found.append(instance)
        return found

    def _run(
        self, given: Mapping[str, Any], shape: tuple[Hashable, ...], limit: int | None
    ) -> tuple[_Statement, list[tuple[Any, ...]]]:
        db = connections[DEFAULT_DB_ALIAS]
        statement = self._made.get((db.vendor, *shape))
        if statement is None:
            statement = self._made[db.vendor, *shape] = _compile(self._build(*shape), db)
        values = [one.value_of(given, db) if isinstance(one, _Given) else one for one in statement.values]
        if limit is not None:
            values = [limit if one is _END else one for one in values]
        rows, _ = prepared.execute(statement.sql, values)
        return statement, _converted(rows, statement, db)


def _compile(queryset: QuerySet[Any, Any], db: Any) -> _Statement:
    compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, values = _with_limit(*compiler.as_sql())
    if db.vendor == "postgresql":
        sql, values = _with_constants(sql, values)
    columns = [select[0] for select in compiler.select]
    converters = compiler.get_converters(columns)
    info = compiler.klass_info or {"select_fields": []}
    return _Statement(
        sql=sql,
        values=tuple(values),
        converters=tuple(
            (place, tuple(functions), column) for place, (functions, column) in converters.items()
        ),
        model=queryset.model,
        attributes=tuple(columns[place].target.attname for place in info["select_fields"]),
        annotations=tuple(compiler.annotation_col_map.items()),
    )


def _with_limit(sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """A placeholder where the slice ends."""
    before, written, after = sql.partition(f"LIMIT {LIMIT}")
    if not written:
        return sql, [*values]
    place = before.count("%s")  # no text of ours has a literal %s
    return f"{before}LIMIT %s{after}", [*values[:place], _END, *values[place:]]


def _with_constants(sql: str, values: list[Any]) -> tuple[str, list[Any]]:
    """Words that never change stand in the text: only so may a plan for all values use an index of some rows."""
    texts = sql.split("%s")
    found, kept = texts[0], []
    for value, text in zip(values, texts[1:], strict=True):
        if isinstance(value, str):
            found += "'{}'".format(str(value).replace("'", "''").replace("%", "%%")) + text
        else:
            kept.append(value)
            found += "%s" + text
    return found, kept


def _converted(rows: list[tuple[Any, ...]], statement: _Statement, db: Any) -> list[tuple[Any, ...]]:
    if not statement.converters:
        return rows
    found = [list(row) for row in rows]
    for place, functions, column in statement.converters:
        for row in found:
            value = row[place]
            for function in functions:
                value = function(value, column, db)
            row[place] = value
    return [tuple(row) for row in found]
