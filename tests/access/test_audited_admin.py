from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.forms import inlineformset_factory, modelform_factory
from django.urls import reverse

from access.audit_changes import Recorder
from access.models import ApiKey, AuditEntry, IdempotencyRecord
from credentials.models import ApiCredential

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = User.objects.create_superuser("boss", password="a-long-password-1")
    client.force_login(user)
    return user


def last():
    return AuditEntry.objects.latest("pk")


def test_an_addition_is_recorded(client, boss):
    client.post(reverse("admin:auth_group_add"), {"name": "sales"})
    entry = last()
    assert (entry.actor, entry.action, entry.object_repr) == ("boss", "added", "sales")
    assert entry.changes["name"] == {"after": "sales"}
    assert entry.address == "127.0.0.1"


def test_a_change_is_recorded_with_before_and_after_and_nothing_else(client, boss):
    group = Group.objects.create(name="sales")
    permission = Permission.objects.get(codename="view_profile")
    client.post(
        reverse("admin:auth_group_change", args=[group.pk]),
        {"name": "sellers", "permissions": [permission.pk]},
    )
    changes = last().changes
    assert changes["name"] == {"before": "sales", "after": "sellers"}
    assert changes["permissions"] == {"before": [], "after": [str(permission)]}
    assert set(changes) == {"name", "permissions"}


def test_saving_without_a_change_names_no_field(client, boss):
    group = Group.objects.create(name="sales")
    client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "sales"})
    assert last().changes == {}


def test_deletions_are_recorded_one_by_one_and_in_bulk(client, boss):
    one, two, three = (Group.objects.create(name=name) for name in ("one", "two", "three"))
    client.post(reverse("admin:auth_group_delete", args=[one.pk]), {"post": "yes"})
    assert (last().action, last().changes) == ("deleted", {"name": {"before": "one"}})
    client.post(
        reverse("admin:auth_group_changelist"),
        {"action": "delete_selected", "_selected_action": [two.pk, three.pk], "post": "yes"},
    )
    assert set(AuditEntry.objects.filter(action="deleted").values_list("object_repr", flat=True)) == {
        "one", "two", "three",
    }  # fmt: skip


def test_a_password_is_recorded_as_changed_only(client, boss):
    ada = User.objects.create_user("ada", password="old-password-123")
    old_hash = ada.password
    form = {"password1": "new-password-456", "password2": "new-password-456", "usable_password": "true"}
    client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), form)
    ada.refresh_from_db()
    entry = last()
    assert ada.check_password("new-password-456")
    assert entry.changes == {"password": "changed"}
    for secret in (old_hash, ada.password, "new-password-456"):
        assert secret not in str(AuditEntry.objects.values())


def changes_of(recorder, obj, *, beside=None, **data):
    form = modelform_factory(type(obj), fields=list(data))(data, instance=obj)
    recorder.remember(obj)
    assert form.is_valid(), form.errors
    form.save()
    for name, value in (beside or {}).items():
        setattr(obj, name, value)
    return recorder.changes(form, (), add=False)


def test_fields_that_sound_secret_or_are_private_hide_their_values():
    user = User.objects.create(username="ada", first_name="Ada", password="p1")
    changes = changes_of(Recorder(private=frozenset({"first_name"})), user, first_name="Eve", password="p2")
    assert changes == {"first_name": "changed", "password": "changed"}


def test_changes_made_beside_the_form_are_seen():
    user = User.objects.create(username="ada", first_name="Ada")
    changes = changes_of(Recorder(), user, first_name="Ada", beside={"email": "ada@example.com"})
    assert changes == {"email": {"before": "", "after": "ada@example.com"}}


def test_inline_rows_are_recorded():
    key = ApiKey.objects.create(name="shop", digest="d1")
    kept = IdempotencyRecord.objects.create(api_key=key, key="kept", request_digest="x", status=1)
    gone = IdempotencyRecord.objects.create(api_key=key, key="gone", request_digest="x")
    formset = inlineformset_factory(ApiKey, IdempotencyRecord, fields=("key", "status", "request_digest"))(
        {
            "idempotencyrecord_set-TOTAL_FORMS": "3",
            "idempotencyrecord_set-INITIAL_FORMS": "2",
            **row(0, kept, "kept", 2),
            **row(1, gone, "gone", 0, DELETE="on"),
            **row(2, None, "new", 3),
        },
        instance=key,
        queryset=IdempotencyRecord.objects.order_by("pk"),
        prefix="idempotencyrecord_set",
    )
    assert formset.is_valid(), formset.errors
    formset.save()
    form = modelform_factory(ApiKey, fields=["name"])({"name": "shop"}, instance=key)
    form.is_valid()
    rows = Recorder().changes(form, [formset], add=False)["idempotency records"]
    assert [(entry["object"], entry["action"]) for entry in rows] == [
        ("new", "added"), ("kept", "changed"), ("gone", "deleted"),
    ]  # fmt: skip
    assert rows[1]["fields"] == {"status": {"before": 1, "after": 2}}


def row(position, record, key, status, **more):
    own = {"id": record.pk if record else "", "key": key, "status": status, "request_digest": "x", **more}
    return {f"idempotencyrecord_set-{position}-{name}": value for name, value in own.items()}


def test_encrypted_values_are_compared_in_clear_and_never_shown():
    made = ApiCredential.objects.create(name="Acme", api_token="token-one", oauth_body="body-one")
    credential = ApiCredential.objects.get(pk=made.pk)
    beside = {"api_token": "token-one", "oauth_body": "body-two"}
    changes = changes_of(Recorder(), credential, name="Acme", beside=beside)
    assert changes == {"oauth_body": "changed"}
