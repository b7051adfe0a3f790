from __future__ import annotations

import pytest
from django.db import Error, IntegrityError, connection, transaction

from core.triggers import append_only, install, missing, remove, transitions

pytestmark = pytest.mark.django_db

TABLE = "core_trigger_trial"
ALLOWED = frozenset({("new", "done"), ("new", "gone")})
TRIGGERS = append_only(TABLE)
GUARD = transitions(TABLE, "state", ALLOWED)


@pytest.fixture(autouse=True)
def _table(db: None) -> None:
    run(f"CREATE TABLE {TABLE} (id integer PRIMARY KEY, state text NOT NULL, note text)")
    run(f"INSERT INTO {TABLE} VALUES (1, 'new', 'a'), (2, 'done', 'b')")


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def rows() -> list[tuple[int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, state, note FROM {TABLE} ORDER BY id")
        return [tuple(row) for row in cursor.fetchall()]


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {TABLE} SET note = 'x'",
        f"UPDATE {TABLE} SET note = note WHERE id = 1",
        f"DELETE FROM {TABLE}",
        f"DELETE FROM {TABLE} WHERE id = 2",
    ],
)
def test_rows_of_an_append_only_table_stay_as_they_are(sql: str) -> None:
    install(connection, TRIGGERS)
    before = rows()

    with pytest.raises(IntegrityError, match="append-only"):
        run(sql)

    assert rows() == before
    run(f"INSERT INTO {TABLE} VALUES (3, 'new', 'c')")
    assert len(rows()) == 3


def test_an_append_only_table_cannot_be_truncated() -> None:
    if connection.vendor != "postgresql":
        assert [trigger.name for trigger in TRIGGERS if not trigger.sqlite] == [f"{TABLE}_no_truncate"]
        return
    install(connection, TRIGGERS)

    with pytest.raises(IntegrityError, match="append-only"):
        run(f"TRUNCATE {TABLE}")

    assert len(rows()) == 2


@pytest.mark.parametrize(
    ("pk", "state", "passes"),
    [
        (1, "done", True),
        (1, "gone", True),
        (1, "new", True),
        (2, "done", True),
        (2, "new", False),
        (2, "gone", False),
        (1, "other", False),
        (1, "new>done", False),
    ],
)
def test_only_listed_transitions_pass(pk: int, state: str, passes: bool) -> None:
    install(connection, GUARD)
    change = f"UPDATE {TABLE} SET state = '{state}', note = 'x' WHERE id = {pk}"

    if passes:
        run(change)
        assert (pk, state, "x") in rows()
    else:
        with pytest.raises(IntegrityError, match="transition"):
            run(change)


def test_other_columns_change_freely_under_a_transition_guard() -> None:
    install(connection, GUARD)

    run(f"UPDATE {TABLE} SET note = 'x'")

    assert [note for _, _, note in rows()] == ["x", "x"]


def test_installing_again_replaces_what_stands_there() -> None:
    install(connection, GUARD)
    wider = transitions(TABLE, "state", ALLOWED | {("done", "new")})

    install(connection, wider)

    run(f"UPDATE {TABLE} SET state = 'new' WHERE id = 2")
    with pytest.raises(IntegrityError):
        run(f"UPDATE {TABLE} SET state = 'other'")


def test_missing_triggers_are_named() -> None:
    expected = [trigger.name for trigger in TRIGGERS if connection.vendor == "postgresql" or trigger.sqlite]
    assert missing(connection, TRIGGERS) == expected

    install(connection, TRIGGERS)
    assert missing(connection, TRIGGERS) == []

    remove(connection, TRIGGERS[:1])
    assert missing(connection, TRIGGERS) == expected[:1]
    remove(connection, TRIGGERS)
    run(f"DELETE FROM {TABLE}")


def test_a_trigger_switched_off_counts_as_missing() -> None:
    install(connection, TRIGGERS)
    if connection.vendor == "postgresql":
        run(f"ALTER TABLE {TABLE} DISABLE TRIGGER {TABLE}_no_update")
        assert missing(connection, TRIGGERS) == [f"{TABLE}_no_update"]
    else:
        with pytest.raises(Error):
            run(f"ALTER TABLE {TABLE} DISABLE TRIGGER {TABLE}_no_update")


def test_tables_that_do_not_exist_yet_are_passed_over() -> None:
    later = append_only("core_trigger_later")

    install(connection, later)

    assert f"{later[0].table}_no_update" in missing(connection, later)
