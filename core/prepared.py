"""Statements of the hottest paths, parsed and planned once per connection on PostgreSQL; elsewhere run as usual.

Behind a pooler that hands connections from one transaction to another, prepared statements need its help (PgBouncer
1.21: max_prepared_statements). DISABLE_SERVER_SIDE_CURSORS, which Django asks for there, switches them off too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Question = tuple[str, tuple[Any, ...]]  # a statement and its values


@contextmanager
def together() -> Iterator[None]:
    """Writes whose outcome nobody asks for go out as one statement, at the end or before the next question.

    `WITH s0 AS (INSERT …), s1 AS (UPDATE …) SELECT 1` is one round trip and one execution instead of many; so no two
    of them may touch the same row, and errors show where it is sent. Whatever else is asked of the database inside
    (by the ORM too) sees what was written before. A block within a block belongs to the outer one. PostgreSQL only:
    elsewhere each is written at once.
    """
    db: Any = connections[DEFAULT_DB_ALIAS]
    if not _can_prepare(db) or _waiting_of(db) is not None:
        yield
        return
    db.smsgateway_waiting, db.smsgateway_known = [], {}
    try:
        with db.execute_wrapper(_send_first):
            yield
            _send(db)
    finally:
        db.smsgateway_waiting, db.smsgateway_known = None, {}


def write(sql: str, values: Sequence[Any]) -> None:
    """Run a statement that nobody asks the outcome of; inside `together` a little later."""
    waiting = _waiting_of(connections[DEFAULT_DB_ALIAS])
    if waiting is None:
        execute(sql, values)
    else:
        waiting.append((sql, values))


def execute(
    sql: str, values: Sequence[Any], *, unconcerned: bool = False
) -> tuple[list[tuple[Any, ...]], int]:
    """The rows that a statement returns ([] for none) and how many rows it touched.

    `unconcerned`: it does not look at what was just written, so inside `together` that may go out after it.
    """
    db: Any = connections[DEFAULT_DB_ALIAS]
    if not _can_prepare(db):
        with db.cursor() as cursor:
            cursor.execute(sql, values)
            return (cursor.fetchall() if cursor.description else []), int(cursor.rowcount)
    if _waiting_of(db) and not unconcerned:
        _send(db)
    return _execute(db, sql, values)


def walk_indexes() -> None:
    """For the rest of this transaction: take rows by index, by plans made once. SQLite has no such choice.

    Statistics tell of the last look at a table. A queue that was empty then looks as if reading and sorting all of it
    were cheaper than the index that has it in order, and a million messages are read for the first hundred.
    """
    if _can_prepare(connections[DEFAULT_DB_ALIAS]):
        execute(_WALK_INDEXES, ())


_WALK_INDEXES = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in (
        ("enable_sort", "off"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_bitmapscan", "off"),
        ("jit", "off"),  # what is switched off counts as very dear, which alone would call for it
        ("plan_cache_mode", "force_generic_plan"),
    )
)


def write_and_ask(sql: str, values: Sequence[Any], question: Question | None) -> int:
    """Run an INSERT and put the question that comes next in the same round trip; gives how many rows were written.

    `answer_to` has the answer, until the block of `together` ends; outside of one, and on SQLite, nothing is asked.
    The question is a SELECT whose first column is never NULL. It may lock rows, and does so before the INSERT.
    """
    db: Any = connections[DEFAULT_DB_ALIAS]
    if question is None or not _can_prepare(db) or _waiting_of(db) is None:
        return execute(sql, values)[1]
    _send(db)
    asked, given = question
    rows, _ = _execute(db, _with_question(sql, asked), [*values, *given])
    db.smsgateway_known[asked, given] = [row[1:] for row in rows if row[1] is not None]
    return int(rows[0][0])


def answer_to(question: Question) -> list[tuple[Any, ...]] | None:
    """The rows that answer a question put by `write_and_ask`, once; None where it was not."""
    known: dict[Question, list[tuple[Any, ...]]] = getattr(
        connections[DEFAULT_DB_ALIAS], "smsgateway_known", {}
    )
    return known.pop(question, None)


def _execute(db: Any, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
    db.ensure_connection()
    if db.queries_logged:
        db.queries_log.append({"sql": sql, "time": "prepared"})
    raw: Any = db.connection
    with db.wrap_database_errors:
        statement = _cursor_of(db, raw)
        # Only here: Django's own cursors put values into the text, which nobody asks for twice.
        raw.prepare_threshold = 0
        try:
            statement.execute(_numbered(sql), values, prepare=True)
        finally:
            raw.prepare_threshold = None
        # Its `description` makes an object of each column.
        has_rows = statement.pgresult is not None and statement.pgresult.nfields > 0
        return (statement.fetchall() if has_rows else []), int(statement.rowcount)


def _cursor_of(db: Any, raw: Any) -> Any:
    """One cursor for all statements of a connection: nobody reads on in an earlier one's rows."""
    known = getattr(db, "smsgateway_cursor", None)
    if known is not None and known.connection is raw and not known.closed:
        return known
    import psycopg
    from psycopg.types.datetime import TimestamptzLoader

    # Its placeholders are PostgreSQL's own: psycopg splits a statement of 50 values or more anew each time.
    db.smsgateway_cursor = psycopg.RawCursor(raw)
    # Django's own does the same in Python. The zone is the connection's, UTC.
    db.smsgateway_cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    return db.smsgateway_cursor


def _send(db: Any) -> None:
    waiting, db.smsgateway_waiting = db.smsgateway_waiting, []
    if len(waiting) == 1:
        _execute(db, *waiting[0])
    elif waiting:
        merged = _merged(tuple(sql for sql, _ in waiting))
        _execute(db, merged, [value for _, values in waiting for value in values])


@lru_cache(maxsize=512)
def _merged(statements: tuple[str, ...]) -> str:
    parts = ", ".join(f"s{number} AS ({sql})" for number, sql in enumerate(statements))
    return f"WITH {parts} SELECT 1"


@lru_cache(maxsize=64)
def _with_question(sql: str, asked: str) -> str:
    return (
        f"WITH written AS ({sql} RETURNING 1) "
        f"SELECT (SELECT count(*) FROM written), asked.* FROM (SELECT 1) one LEFT JOIN ({asked}) asked ON true"
    )


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> bytes:
    """The statement with $1, $2, … where each %s stands; %% is a percent sign."""
    numbers = count(1)
    return _PLACEHOLDER.sub(lambda found: _AS_POSTGRESQL[found[0]](numbers), sql).encode()


_PLACEHOLDER = re.compile("%[s%]")
_AS_POSTGRESQL: dict[str, Callable[[Iterator[int]], str]] = {
    "%s": lambda numbers: f"${next(numbers)}",
    "%%": lambda _: "%",
}


def _send_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Django's own statements come after what was written before them."""
    _send(context["connection"])
    return execute(sql, params, many, context)


def _waiting_of(db: Any) -> list[tuple[str, Sequence[Any]]] | None:
    return getattr(db, "smsgateway_waiting", None)


def _can_prepare(db: Any) -> bool:
    return db.vendor == "postgresql" and not db.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
