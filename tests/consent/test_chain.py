from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from access.append_only import AppendOnlyViolation
from consent import ledger
from consent.checks import check_ledger_triggers, missing_triggers
from consent.models import ConsentEvent
from consent.triggers import TRIGGERS
from core import triggers

pytestmark = pytest.mark.django_db
ADA = "+14155550123"


@pytest.fixture
def subject():
    for kind in ("opt_out", "opt_in", "help"):
        ledger.record(msisdn=ADA, kind=kind, source="keyword", text=kind)
    return ledger.subjects_for([ADA])[ADA]


@pytest.fixture
def unprotected(subject):
    triggers.remove(connection, TRIGGERS)
    return subject


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_an_untouched_chain_verifies(subject):
    assert ledger.verify_chain(subject) == []


@pytest.mark.parametrize(
    "column",
    [
        "kind", "scope", "purpose", "source", "keyword", "rule_version", "actor", "reason", "reference",
        "evidence", "previous_hash", "hash",
    ],
)  # fmt: skip
def test_a_changed_column_shows(unprotected, column):
    execute(f"UPDATE consent_consentevent SET {column} = 'other' WHERE sequence = 2")
    assert ledger.verify_chain(unprotected)


@pytest.mark.parametrize("column", ["occurred_at", "received_at"])
def test_a_changed_time_shows(unprotected, column):
    execute(f"UPDATE consent_consentevent SET {column} = '2020-01-01 00:00:00' WHERE sequence = 2")
    assert ledger.verify_chain(unprotected)


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_a_removed_event_shows(unprotected, sequence):
    execute("DELETE FROM consent_consentstate")
    execute("DELETE FROM consent_consentevent WHERE sequence = %s", sequence)
    assert ledger.verify_chain(unprotected)


def test_an_event_moved_to_another_person_shows(unprotected):
    other = ledger.subjects_for(["+14155550124"])["+14155550124"]
    execute("UPDATE consent_consentevent SET subject_id = %s", other)
    assert ledger.verify_chain(other)
    assert ledger.verify_chain(unprotected)


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "ALL AT ONCE"])
def test_the_database_refuses_to_change_the_ledger(subject, verb):
    wholesale = {
        "sqlite": "INSERT OR REPLACE INTO consent_consentevent SELECT * FROM consent_consentevent",
        "postgresql": "TRUNCATE consent_consentevent CASCADE",
    }
    sql = {
        "UPDATE": "UPDATE consent_consentevent SET kind = 'opt_in'",
        "DELETE": "DELETE FROM consent_consentevent",
        "ALL AT ONCE": wholesale[connection.vendor],
    }[verb]
    connection.check_constraints()  # PostgreSQL truncates no table with deferred checks pending
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        execute(sql)
    assert ledger.verify_chain(subject) == []


def test_an_event_cannot_be_replaced_by_its_place_in_the_chain(subject):
    table = ConsentEvent._meta.db_table
    columns = [field.column for field in ConsentEvent._meta.concrete_fields]
    values = ", ".join("id + 1000" if column == "id" else column for column in columns)
    verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(f"{verb} INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}")
    assert ledger.verify_chain(subject) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: ConsentEvent.objects.filter(pk=event.pk).update(kind="help"),
        lambda event: ConsentEvent.objects.all().delete(),
        lambda event: ConsentEvent.objects.bulk_update([event], ["kind"]),
    ],
    ids=["save", "delete", "update", "delete all", "bulk_update"],
)
def test_the_orm_refuses_to_change_the_ledger(subject, change):
    with pytest.raises(AppendOnlyViolation):
        change(ConsentEvent.objects.first())


def test_a_missing_trigger_is_found_and_named(subject):
    assert missing_triggers() == []
    triggers.remove(connection, TRIGGERS[1:2])
    assert missing_triggers() == [TRIGGERS[1].name]
    (error,) = check_ledger_triggers(databases=["default"])
    assert error.id == "smsgateway.E020"
    triggers.install(connection, TRIGGERS)
    assert check_ledger_triggers(databases=["default"]) == []
