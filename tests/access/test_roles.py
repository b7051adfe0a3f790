from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User

from access.roles import ROLES, codenames, sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def synced():
    for config in apps.get_app_configs():
        sync(config.label)


def user_in(role):
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def test_the_five_roles_are_groups(synced):
    assert set(Group.objects.values_list("name", flat=True)) >= {
        "viewer", "author", "operator", "consent officer", "admin",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("viewer", "profiles.view_profile", "profiles.change_profile"),
        ("author", "profiles.add_profile", "consent.view_consentevent"),
        ("operator", "consent.view_consentevent", "access.view_apikey"),
        ("consent officer", "consent.view_consentevent", "profiles.delete_profile"),
        ("admin", "access.add_apikey", "access.delete_apikey"),
        ("admin", "auth.change_user", "access.delete_auditentry"),
    ],
)
def test_a_role_may_what_the_table_says(synced, role, may, may_not):
    user = user_in(role)
    assert user.has_perm(may)
    assert not user.has_perm(may_not)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_may_change_or_delete_evidence(role):
    granted = codenames(role, "access") | codenames(role, "consent")
    assert not granted & {
        "change_auditentry", "delete_auditentry", "change_consentevent", "delete_consentevent",
    }  # fmt: skip


def test_sync_puts_a_bent_group_right_and_leaves_other_groups_alone(synced):
    viewer, own = Group.objects.get(name="viewer"), Group.objects.create(name="night shift")
    extra = Permission.objects.get(codename="delete_profile")
    for group in (viewer, own):
        group.permissions.set([extra])
    sync("profiles")
    assert set(viewer.permissions.values_list("codename", flat=True)) == {
        "view_profile",
        "view_profileimport",
    }
    assert list(own.permissions.all()) == [extra]


def test_every_permission_of_the_table_exists(synced):
    installed = {config.label for config in apps.get_app_configs()}
    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    wanted = {f"{app}.{codename}" for role in ROLES for app in installed for codename in codenames(role, app)}
    assert wanted - known == set()
