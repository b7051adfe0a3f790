"""Database triggers as data: one description, both engines, installed after migrate, checked at start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Trigger:
    """One trigger: its name, its table and the statements that make it on each engine."""

    name: str
    table: str
    sqlite: str
    postgresql: tuple[str, ...]
    reads: str = ""  # another table that it looks at: it is made once that is there


@dataclass(frozen=True)
class Retained:
    """Rows that retention may delete: those whose `column` is older than `days`, while `marker` holds a row.

    The row of the marker is written and removed in the transaction that deletes, so nobody else ever sees it.
    """

    column: str
    days: int
    marker: str


def append_only(
    table: str, *, blankable: str = "", fixed: Iterable[str] = (), retained: Retained | None = None
) -> tuple[Trigger, ...]:
    """Triggers that let rows of `table` be inserted, and neither changed, deleted nor truncated.

    A `blankable` column may be emptied while the `fixed` ones, all the others, stay: a person can be forgotten.
    Rows that are `retained` for a time may be deleted afterwards, by retention alone.
    """
    same = " AND ".join(f'NEW."{column}" = OLD."{column}"' for column in fixed)
    unless = f"NEW.{blankable} = '' AND {same}" if blankable else ""
    return (
        _row_refusal(table, "UPDATE", unless=unless),
        _refusal_unless_retained(table, retained) if retained else _row_refusal(table, "DELETE"),
        Trigger(
            name=f"{table}_no_truncate",
            table=table,
            sqlite="",  # SQLite has no TRUNCATE; a DELETE of all rows meets the DELETE trigger
            postgresql=(
                _refusing_function(f"{table}_no_truncate", f"{table} is append-only"),
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_no_truncate()",
            ),
        ),
    )


def unchangeable(table: str) -> tuple[Trigger, ...]:
    """A trigger that lets rows of `table` come and go, and never change."""
    return (_row_refusal(table, "UPDATE"),)


def _row_refusal(table: str, verb: str, *, unless: str = "") -> Trigger:
    name = f"{table}_no_{verb.lower()}"
    text = f"{table} is append-only"
    when = f" WHEN (NOT ({unless}))" if unless else ""
    return Trigger(
        name=name,
        table=table,
        sqlite=f"CREATE TRIGGER {name} BEFORE {verb} ON {table}{when} BEGIN SELECT RAISE(ABORT, '{text}'); END",
        postgresql=(
            _refusing_function(name, text),
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()",
        ),
    )


def _refusal_unless_retained(table: str, retained: Retained) -> Trigger:
    name, text = f"{table}_no_delete", f"{table} is append-only"
    marked = f"EXISTS (SELECT 1 FROM {retained.marker})"
    old = f"OLD.{retained.column} < datetime('now', '-{retained.days} days')"
    return Trigger(
        name=name,
        table=table,
        sqlite=f"CREATE TRIGGER {name} BEFORE DELETE ON {table} WHEN NOT ({old} AND {marked}) "
        f"BEGIN SELECT RAISE(ABORT, '{text}'); END",
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF OLD.{retained.column} < now() - interval '{retained.days} days' AND {marked} THEN RETURN OLD; END IF; "
            f"RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
        reads=retained.marker,
    )


def transitions(
    table: str,
    column: str,
    allowed: Iterable[tuple[str, str]],
    *,
    others: Iterable[tuple[str, str]] = (),
    others_if: str = "",
) -> tuple[Trigger, ...]:
    """A trigger that refuses every change of `column` that is not one of the `allowed` (from, to) pairs.

    `others` are allowed too where the condition `others_if` on the new row holds.
    """
    name = f"{table}_{column}_transitions"
    change = f"(OLD.{column} || '>' || NEW.{column})"
    changed = f"OLD.{column} <> NEW.{column} AND {change} NOT IN ({_pairs(allowed)})"
    if others_if:
        changed += f" AND NOT ({change} IN ({_pairs(others)}) AND {others_if})"
    text = f"{table}: transition not allowed"
    return (
        Trigger(
            name=name,
            table=table,
            sqlite=f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} WHEN {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{text}'); END",
            postgresql=(
                _refusing_function(name, text),
                f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
                f"WHEN ({changed}) EXECUTE FUNCTION {name}()",
            ),
        ),
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"'{before}>{after}'" for before, after in sorted(pairs))


def _refusing_function(name: str, text: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )


def install(connection: BaseDatabaseWrapper, triggers: Iterable[Trigger]) -> None:
    """Make every trigger whose table exists, replacing what stands there under the same name."""
    wanted = tuple(triggers)
    remove(connection, wanted)
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for trigger in wanted:
            if {trigger.table, trigger.reads or trigger.table} <= tables:
                for statement in _statements(connection, trigger):
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper, triggers: Iterable[Trigger]) -> None:
    """Drop the triggers that exist."""
    wanted = {trigger.name: trigger for trigger in triggers}
    present = wanted.keys() & _present(connection)
    with connection.cursor() as cursor:
        for name in sorted(present):
            on_table = f" ON {wanted[name].table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{on_table}")


def missing(connection: BaseDatabaseWrapper, triggers: Iterable[Trigger]) -> list[str]:
    """Names of triggers that should be at work and are not: absent, or switched off."""
    present = _present(connection, at_work=True)
    return [
        trigger.name
        for trigger in triggers
        if _statements(connection, trigger) and trigger.name not in present
    ]


def _statements(connection: BaseDatabaseWrapper, trigger: Trigger) -> tuple[str, ...]:
    if connection.vendor == "postgresql":
        return trigger.postgresql
    return (trigger.sqlite,) if trigger.sqlite else ()


def _present(connection: BaseDatabaseWrapper, *, at_work: bool = False) -> set[str]:
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal" + (" AND tgenabled <> 'D'" if at_work else "")
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name for (name,) in cursor.fetchall()}
