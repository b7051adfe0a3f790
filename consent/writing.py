"""The ledger's statements, built once: every STOP takes them, and each word of SQL is dearer to build than to run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection

from consent.models import ConsentEvent, ConsentState, ConsentSubject
from consent.rules import State
from core import prepared
from core.bulk import insert_rows, update_rows

_SUBJECT = ConsentSubject._meta.db_table
_STATE = ConsentState._meta.db_table
_SUBJECT_COLUMNS = ("id", "number_hash", "touched_at", "last_sequence", "head_hash")
_STATE_COLUMNS = ("subject_id", "scope", "purpose", "state", "source", "out_at", "event_id", "changed_at")
_UPSERT = (
    f"INSERT INTO {_STATE} ({', '.join(_STATE_COLUMNS)}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
    "ON CONFLICT (subject_id, scope, purpose) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _STATE_COLUMNS[3:])
)


def locked_subject(subject_id: int) -> ConsentSubject:
    """The subject's row, owned until the transaction ends.

    NO KEY: new messages may still point at the subject; senders, who share the row, have to wait.
    """
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    rows, _ = prepared.execute(
        f"SELECT {', '.join(_SUBJECT_COLUMNS)} FROM {_SUBJECT} WHERE id = %s{lock}", [subject_id]
    )
    return ConsentSubject.from_db(None, _SUBJECT_COLUMNS, _read(ConsentSubject, _SUBJECT_COLUMNS, rows[0]))


def insert_event(event: ConsentEvent) -> None:
    """Write a new event and give it its id."""
    names = [field.attname for field in ConsentEvent._meta.concrete_fields if not field.primary_key]
    (event.pk,) = insert_rows(ConsentEvent, [{name: getattr(event, name) for name in names}], returning="id")
    event._state.adding = False


def update_subject(subject: ConsentSubject) -> None:
    """Write what an event changes in its subject."""
    names = ("touched_at", "last_sequence", "head_hash")
    update_rows(ConsentSubject, [{"id": subject.pk, **{name: getattr(subject, name) for name in names}}])


def write_states(event: ConsentEvent, states: Iterable[State]) -> None:
    """Write the states that an event leaves, each over the one of its cell."""
    for state in states:
        values = {
            "subject_id": event.subject_id, "scope": state.scope, "purpose": state.purpose, "state": state.state,
            "source": state.source, "out_at": state.out_at, "event_id": event.pk, "changed_at": event.received_at,
        }  # fmt: skip
        prepared.execute(_UPSERT, [_written(name, values[name]) for name in _STATE_COLUMNS])


def read_states(subject_ids: Collection[int]) -> list[tuple[int, State]]:
    """The states of these subjects."""
    columns = _STATE_COLUMNS[:6]
    sql = f"SELECT {', '.join(columns)} FROM {_STATE} WHERE subject_id IN ({', '.join(['%s'] * len(subject_ids))})"
    if len(subject_ids) == 1:
        rows, _ = prepared.execute(sql, [*subject_ids])
    elif subject_ids:
        with connection.cursor() as cursor:
            cursor.execute(sql, [*subject_ids])
            rows = cursor.fetchall()
    else:
        rows = []
    return [(row[0], State(*_read(ConsentState, columns, row)[1:])) for row in rows]


def _written(name: str, value: Any) -> Any:
    return ConsentState._meta.get_field(name.removesuffix("_id")).get_db_prep_save(value, connection)


def _read(model: Any, columns: Collection[str], row: Collection[Any]) -> list[Any]:
    """Values as Python knows them: SQLite keeps times as text."""
    if connection.vendor == "postgresql":
        return list(row)
    values = []
    for name, value in zip(columns, row, strict=True):
        converters = model._meta.get_field(name.removesuffix("_id") if name != "id" else name)
        for convert in connection.ops.get_db_converters(converters.get_col(model._meta.db_table)):
            value = convert(value, converters, connection)
        values.append(value)
    return values
