"""The ledger's statements, built once: every STOP takes them, and each word of SQL is dearer to build than to run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from consent.models import ConsentEvent, ConsentState, ConsentSubject, SubjectKey
from consent.rules import State
from core import prepared
from core.bulk import insert_rows, set_row, written

_SUBJECT = ConsentSubject._meta.db_table
_STATE = ConsentState._meta.db_table
_SUBJECT_COLUMNS = ("id", "number_hash", "touched_at", "last_sequence", "head_hash")
_CELL_COLUMNS = ("scope", "purpose", "state", "source", "out_at", "in_at", "paused_at")
_STATE_COLUMNS = ("subject_id", *_CELL_COLUMNS, "event_id", "changed_at")
_NEW_SUBJECT = (
    f"INSERT INTO {_SUBJECT} ({', '.join(_SUBJECT_COLUMNS[1:])}) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (number_hash) DO NOTHING RETURNING id, {event_id}"
)
# Whoever owns a subject is about to write an event: its id comes along, so that nothing needs to wait for it later.
_EVENT_ID = f"nextval('{ConsentEvent._meta.db_table}_id_seq')"
_EVENT_COLUMNS = tuple(field.attname for field in ConsentEvent._meta.concrete_fields if not field.primary_key)
_OWNED = (
    f"SELECT k.wrapped_key, {', '.join(f's.{name}' for name in _CELL_COLUMNS)} "
    "FROM (SELECT CAST(%s AS bigint) AS id) o "
    f"LEFT JOIN {SubjectKey._meta.db_table} k ON k.subject_id = o.id LEFT JOIN {_STATE} s ON s.subject_id = o.id"
)
# Lock and all that counts, in one statement. What is joined is as old as the wait for the lock, so the sequence number
# is read both ways: it goes up with every event, so where both agree, key and states have not changed since either.
_LOCKED_AND_OWNED = (
    f"SELECT {', '.join(f's.{name}' for name in _SUBJECT_COLUMNS)}, s.event_id, o.last_sequence AS seen_sequence, "
    f"k.wrapped_key, {', '.join(f'c.{name}' for name in _CELL_COLUMNS)} FROM ("
    f"SELECT {', '.join(_SUBJECT_COLUMNS)}, {_EVENT_ID} AS event_id FROM {_SUBJECT} WHERE number_hash = %s "
    f"FOR NO KEY UPDATE) s JOIN {_SUBJECT} o ON o.id = s.id "
    f"LEFT JOIN {SubjectKey._meta.db_table} k ON k.subject_id = s.id LEFT JOIN {_STATE} c ON c.subject_id = s.id"
)
_UPSERT = (
    f"INSERT INTO {_STATE} ({', '.join(_STATE_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_STATE_COLUMNS))}) "
    "ON CONFLICT (subject_id, scope, purpose) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _STATE_COLUMNS[3:])
)


def locked_subject(subject_id: int) -> ConsentSubject:
    """The subject's row, owned until the transaction ends.

    NO KEY: new messages may still point at the subject; senders, who share the row, have to wait.
    """
    found = _locked("id", subject_id)
    if found is None:
        raise ConsentSubject.DoesNotExist(f"There is no consent subject {subject_id}.")
    return found


def locked_by_hash(number_hash: str) -> ConsentSubject | None:
    """The same by the number's hash; None when the number is not known yet."""
    rows = prepared.answer_to(question_of(number_hash))
    if rows is None:
        return _locked("number_hash", number_hash)
    return _locked_and_owned(rows) if rows else None


def question_of(number_hash: str) -> prepared.Question:
    """What a writer asks first about a number, for `prepared.write_and_ask` on PostgreSQL."""
    return _LOCKED_AND_OWNED, (number_hash,)


def _locked_and_owned(rows: Sequence[Sequence[Any]]) -> ConsentSubject:
    width = len(_SUBJECT_COLUMNS)
    subject = ConsentSubject.from_db(None, _SUBJECT_COLUMNS, list(rows[0][:width]))
    subject.next_event_id, seen_sequence, wrapped = rows[0][width : width + 3]
    cells = (row[width + 3 :] for row in rows)
    if subject.last_sequence == seen_sequence:
        subject.owned = wrapped or "", tuple(State(*cell) for cell in cells if cell[0] is not None)
    return subject


def new_subject(number_hash: str) -> ConsentSubject | None:
    """The subject of a number that is not known yet, owned since nobody else sees it; None if somebody was faster."""
    subject = ConsentSubject(number_hash=number_hash)
    names = _SUBJECT_COLUMNS[1:]
    values = written(ConsentSubject, names, (getattr(subject, name) for name in names))
    rows, _ = prepared.execute(_NEW_SUBJECT.format(event_id=_event_id()), values)
    if not rows:
        return None
    subject.pk, subject.next_event_id = rows[0]
    subject._state.adding, subject.is_new = False, True
    return subject


def _locked(column: str, value: int | str) -> ConsentSubject | None:
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    columns = ", ".join((*_SUBJECT_COLUMNS, _event_id()))
    rows, _ = prepared.execute(f"SELECT {columns} FROM {_SUBJECT} WHERE {column} = %s{lock}", [value])
    if not rows:
        return None
    *values, event_id = rows[0]
    subject = ConsentSubject.from_db(None, _SUBJECT_COLUMNS, _read(ConsentSubject, _SUBJECT_COLUMNS, values))
    subject.next_event_id = event_id
    return subject


def _event_id() -> str:
    return _EVENT_ID if connection.vendor == "postgresql" else "NULL"


def insert_event(event: ConsentEvent) -> None:
    """Write a new event and give it its id: the one that came with the subject, once."""
    subject = event.subject
    row = {name: getattr(event, name) for name in _EVENT_COLUMNS}
    if subject.next_event_id is None:
        (event.pk,) = insert_rows(ConsentEvent, [row], returning="id")
    else:
        event.pk, subject.next_event_id = subject.next_event_id, None
        insert_rows(ConsentEvent, [{"id": event.pk, **row}])
    event._state.adding = False


def update_subject(subject: ConsentSubject) -> None:
    """Write what an event changes in its subject."""
    names = ("touched_at", "last_sequence", "head_hash")
    set_row(ConsentSubject, {"id": subject.pk, **{name: getattr(subject, name) for name in names}})


def write_states(event: ConsentEvent, states: Iterable[State]) -> None:
    """Write the states that an event leaves, each over the one of its cell."""
    for state in states:
        values = {
            "subject_id": event.subject_id, "scope": state.scope, "purpose": state.purpose, "state": state.state,
            "source": state.source, "out_at": state.out_at, "in_at": state.in_at, "paused_at": state.paused_at,
            "event_id": event.pk, "changed_at": event.received_at,
        }  # fmt: skip
        row = (values[name] for name in _STATE_COLUMNS)
        prepared.write(_UPSERT, written(ConsentState, _STATE_COLUMNS, row))


def read_states(subject_ids: Collection[int]) -> list[tuple[int, State]]:
    """The states of these subjects."""
    columns = ("subject_id", *_CELL_COLUMNS)
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


def read_owned(subject: ConsentSubject) -> tuple[str, tuple[State, ...]]:
    """What counts for the next event of a subject that is locked: its wrapped data key, "" without one, and its states.

    Asked after the lock unless it came along: a row joined to the locking statement is as old as the wait for it.
    """
    if subject.is_new:
        return "", ()
    if subject.owned is not None:
        return subject.owned
    rows, _ = prepared.execute(_OWNED, [subject.pk])
    states = (row[1:] for row in rows if row[1] is not None)
    found = tuple(State(*_read(ConsentState, _CELL_COLUMNS, state)) for state in states)
    return rows[0][0] or "", found


def _read(model: type[Model], columns: Sequence[str], row: Sequence[Any]) -> list[Any]:
    """Values as Python knows them: SQLite keeps times as text."""
    if connection.vendor == "postgresql":
        return list(row)
    return [_python(_field(model, name), value) for name, value in zip(columns, row, strict=True)]


def _python(field: Any, value: Any) -> Any:
    column = field.get_col(field.model._meta.db_table)
    for convert in connection.ops.get_db_converters(column):
        value = convert(value, column, connection)
    return value


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name.removesuffix("_id"))
