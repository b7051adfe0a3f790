from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from access import audit
from access.append_only import AppendOnlyViolation
from access.checks import check_audit_triggers, missing_triggers
from access.keys import issue_key
from access.models import AuditEntry
from access.triggers import TRIGGERS
from core import triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    group = Group.objects.create(name="sales")
    return audit.record(actor="cron", action="added", obj=group, changes={"name": {"after": "sales"}})


def test_an_entry_says_who_what_and_where(django_user_model):
    user = django_user_model.objects.create_user("ada")
    group = Group.objects.create(name="sales")
    audit.record(actor=user, action="changed", obj=group, changes={"name": "changed"}, address="192.0.2.1")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_id, entry.action) == ("ada", str(user.pk), "changed")
    assert (entry.object_type, entry.object_id, entry.object_repr) == ("auth.group", str(group.pk), "sales")
    assert (entry.changes, entry.address) == ({"name": "changed"}, "192.0.2.1")


def test_applications_and_the_gateway_itself_are_actors_too():
    key, _ = issue_key(name="shop", scopes=["messages:send"])
    assert audit.record(actor=key, action="added", obj=key).actor == "API key shop"
    assert audit.record(actor=None, action="added", obj=key).actor == "system"


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.update(actor="nobody"),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["actor"]),
        lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"actor": "nobody"}),
        lambda entry: AuditEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["id"], update_fields=["actor"]
        ),
    ],
    ids=["save", "delete", "update", "delete all", "bulk_update", "update_or_create", "upsert"],
)
def test_the_orm_refuses_to_change_an_entry(entry, change):
    with pytest.raises(AppendOnlyViolation):
        change(entry)


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "ALL AT ONCE"])
def test_the_database_refuses_to_change_an_entry(entry, verb):
    wholesale = {
        "sqlite": "INSERT OR REPLACE INTO access_auditentry SELECT * FROM access_auditentry",
        "postgresql": "TRUNCATE access_auditentry",
    }
    sql = {
        "UPDATE": "UPDATE access_auditentry SET actor = 'nobody'",
        "DELETE": "DELETE FROM access_auditentry",
        "ALL AT ONCE": wholesale[connection.vendor],
    }[verb]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute(sql)
    assert AuditEntry.objects.get().actor == "cron"


def test_a_missing_trigger_is_found_and_named():
    assert missing_triggers() == []
    assert check_audit_triggers(databases=["default"]) == []
    triggers.remove(connection, TRIGGERS[:1])
    assert missing_triggers() == [TRIGGERS[0].name]
    (error,) = check_audit_triggers(databases=["default"])
    assert error.id == "smsgateway.E021"
    assert "migrate" in error.hint
