from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from access.audit import record
from access.audit_labels import Labels
from access.keys import issue_key, verify_key
from access.models import ApiKey, AuditEntry
from core.errors import ApiKeyInvalid
from credentials.models import ApiCredential, RequestHeader

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = User.objects.create_superuser("boss", password="a-long-password-1")
    client.force_login(user)
    return user


def create_key(client, **fields):
    form = {"name": "shop", "scopes": ["messages:send"], "expires_at_0": "", "expires_at_1": "", **fields}
    return client.post(reverse("admin:access_apikey_add"), form)


def test_a_new_key_is_shown_once_and_works(client, boss):
    page = create_key(client)
    raw = re.search(r'value="(sgw_\w+)"', page.content.decode()).group(1)
    assert verify_key(raw).name == "shop"
    assert "no-store" in page.headers["Cache-Control"]
    secret = raw.rpartition("_")[2]
    key = ApiKey.objects.get()
    for url in (
        reverse("admin:access_apikey_changelist"),
        reverse("admin:access_apikey_change", args=[key.pk]),
    ):
        assert secret not in client.get(url).content.decode()
    assert secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("fields", [{"name": ""}, {"scopes": []}, {"scopes": ["all"]}])
def test_a_key_that_is_not_filled_in_is_not_made(client, boss, fields):
    assert create_key(client, **fields).status_code == 200
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_by_post_only(client, boss):
    key, raw = issue_key(name="shop", scopes=["messages:send"])
    url = reverse("admin:access_apikey_revoke", args=[key.pk])
    client.get(url)
    verify_key(raw)
    client.post(url)
    with pytest.raises(ApiKeyInvalid):
        verify_key(raw)
    assert AuditEntry.objects.get(action="revoked").actor == "boss"


def test_revoking_needs_the_permission(client):
    client.force_login(User.objects.create_user("ada", is_staff=True))
    key, raw = issue_key(name="shop", scopes=["messages:send"])
    assert client.post(reverse("admin:access_apikey_revoke", args=[key.pk])).status_code == 403
    verify_key(raw)


def test_keys_cannot_be_deleted(client, boss):
    key, _ = issue_key(name="shop", scopes=["messages:send"])
    assert (
        client.post(reverse("admin:access_apikey_delete", args=[key.pk]), {"post": "yes"}).status_code == 403
    )


def test_the_list_shows_the_state_of_each_key(client, boss):
    issue_key(name="shop", scopes=["messages:send"])
    content = client.get(reverse("admin:access_apikey_changelist")).content.decode()
    assert "Active" in content
    assert "messages:send" in content


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("q=sales", True),
        ("q=nothing", False),
        ("object_type=auth.group", True),
        ("action=deleted", False),
    ],
)
def test_the_trail_can_be_searched_and_filtered(client, boss, query, shown):
    record(actor="ada", action="changed", obj=Group.objects.create(name="sales"), changes={"name": "changed"})
    content = client.get(f"{reverse('admin:access_auditentry_changelist')}?{query}").content.decode()
    assert ("sales" in content.replace('value="sales"', "")) is shown


def test_an_entry_is_read_only_and_hides_secrets(client, boss):
    changes = {
        "token": "changed",
        "headers": [{"object": "X-A", "action": "added", "fields": {"name": {"after": "X-A"}}}],
    }
    entry = record(actor="ada", action="changed", obj=boss, changes=changes)
    url = reverse("admin:access_auditentry_change", args=[entry.pk])
    content = client.get(url).content.decode()
    assert "(not shown)" in content
    assert "Headers: X-A" in content
    assert client.post(url, {"actor": "nobody"}).status_code == 403
    assert client.get(reverse("admin:access_auditentry_add")).status_code == 403


def test_the_trail_speaks_in_the_labels_of_the_forms(client, boss):
    record(
        actor="ada",
        action="changed",
        obj=ApiCredential(name="Shop"),
        changes={
            "api_token": "changed",
            "mac_hash_format": {"before": "a", "after": "b"},
            "to": {"after": "+14155550101"},
            "Headers": [{"object": "X-A", "action": "changed", "fields": {"value": "changed"}}],
        },
    )
    listed = client.get(reverse("admin:access_auditentry_changelist")).content.decode()
    entry = AuditEntry.objects.get(object_repr="Shop")
    page = client.get(reverse("admin:access_auditentry_change", args=[entry.pk])).content.decode()
    for label in ("API Token", "Mac Authorization Hash Format", "To"):
        assert label in listed
        assert f">{label}</th>" in page
    for heading in ("When", "Changed"):
        assert heading in listed
    assert "By when" in listed


@pytest.mark.parametrize(
    ("kind", "field", "label"),
    [
        ("webhooks.webhook", "opt_out_scope", "Senders an opt-out stops"),
        ("credentials.apicredential", "paused_at", "Paused at"),
        ("auth.user", "is_staff", "Staff status"),
        ("auth.user", "no_such_field", "No such field"),
        ("gone.model", "some_field", "Some field"),
        ("", "name", "Name"),
    ],
)
def test_labels(kind, field, label):
    assert Labels.of(kind).of_field(field) == label


def test_rows_of_an_object_have_labels_of_their_own():
    rows = Labels.of("credentials.apicredential").of_rows("headers")
    assert rows.model is RequestHeader
    assert Labels.of("auth.user").of_rows("unknown").of_field("a_b") == "A b"


def test_a_screens_history_leads_to_its_part_of_the_trail(client, boss):
    group = Group.objects.create(name="sales")
    answer = client.get(reverse("admin:auth_group_history", args=[group.pk]))
    assert answer.url.endswith(f"?object_type=auth.group&object_id={group.pk}")


@pytest.mark.parametrize("name", ["auth_user", "auth_group"])
def test_account_screens_open(client, boss, name):
    assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:{name}_add")).status_code == 200


def test_only_a_superuser_touches_superusers(client, boss):
    ada = User.objects.create_user("ada", is_staff=True)
    ada.groups.add(Group.objects.get_or_create(name="admin")[0])
    from access.roles import sync

    sync("auth")
    client.force_login(ada)
    assert client.post(reverse("admin:auth_user_password_change", args=[boss.pk]), {}).status_code == 403
    assert client.post(reverse("admin:auth_user_delete", args=[boss.pk]), {"post": "yes"}).status_code == 403
    page = client.get(reverse("admin:auth_user_change", args=[ada.pk])).content.decode()
    assert 'name="is_superuser"' not in page
    assert 'name="groups"' in page


@pytest.mark.parametrize("may_read_the_trail", [True, False])
def test_the_history_button_is_there_for_those_who_may_read_the_trail(client, may_read_the_trail):
    ada = User.objects.create_user("ada", is_staff=True)
    names = ["view_group", *(["view_auditentry"] if may_read_the_trail else [])]
    ada.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(ada)
    group = Group.objects.create(name="sales")
    page = client.get(reverse("admin:auth_group_change", args=[group.pk])).content.decode()
    assert (reverse("admin:auth_group_history", args=[group.pk]) in page) is may_read_the_trail


def test_only_a_superuser_chooses_what_a_group_may_do(client, boss):
    group = Group.objects.create(name="sales")
    page = reverse("admin:auth_group_change", args=[group.pk])
    everything = [permission.pk for permission in Permission.objects.all()[:3]]
    ada = User.objects.create_user("ada", is_staff=True)
    ada.user_permissions.set(Permission.objects.filter(codename__in=["view_group", "change_group"]))
    client.force_login(ada)
    client.post(page, {"name": "sellers", "permissions": everything})
    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("sellers", 0)
    client.force_login(boss)
    client.post(page, {"name": "sellers", "permissions": everything})
    assert group.permissions.count() == 3
