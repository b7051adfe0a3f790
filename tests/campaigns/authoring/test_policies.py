"""What a version does where an attribute is missing belongs to the version: what was approved is written so later."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from campaigns.authoring import versions
from campaigns.models import MessageTemplate, TemplateVersion
from campaigns.triggers import TRIGGERS
from core.triggers import missing
from tests.campaigns.authoring.test_screens import form as form_of

pytestmark = pytest.mark.django_db
TEXT = {"": "Hi {{ profile.firstName }}"}


@pytest.fixture
def template() -> MessageTemplate:
    made = MessageTemplate.objects.create(name="Welcome")
    versions.save(template=made, texts=TEXT, missing_policy="stop", actor="ada")
    return made


def policies(template: MessageTemplate) -> list[tuple[str, str]]:
    return [versions.policy_of(version) for version in template.versions.order_by("number")]


def test_another_policy_is_another_version_and_the_same_one_none(template: MessageTemplate) -> None:
    assert versions.save(template=template, texts=TEXT, missing_policy="stop", actor="ada") is None
    versions.save(template=template, texts=TEXT, missing_policy="fallback", fallback_text="you", actor="ada")
    assert policies(template) == [("stop", ""), ("fallback", "you")]
    versions.restore(version=template.versions.get(number=1), actor="bert")
    assert policies(template)[2:] == [("stop", "")]


def test_the_form_shows_what_counts_now_and_saves_it_as_a_version(
    template: MessageTemplate, admin_client: Client
) -> None:
    address = reverse("admin:campaigns_messagetemplate_change", args=[template.pk])
    assert '<option value="stop" selected>' in admin_client.get(address).content.decode()
    posted = form_of(("", TEXT[""]), missing_policy="fallback", fallback_text="friend")
    assert admin_client.post(address, posted).status_code == 302
    assert policies(template) == [("stop", ""), ("fallback", "friend")]
    changes = AuditEntry.objects.latest("id").changes
    assert changes["missing_policy"] == {"before": "stop", "after": "fallback"}
    assert changes["version"] == {"after": 2}


def test_the_history_tells_when_the_policy_changed(template: MessageTemplate, admin_client: Client) -> None:
    versions.save(template=template, texts=TEXT, missing_policy="fallback", fallback_text="you", actor="ada")
    versions.save(
        template=template, texts={"": "Ho"}, missing_policy="fallback", fallback_text="you", actor=""
    )
    page = admin_client.get(reverse("admin:campaigns_messagetemplate_versions", args=[template.pk]))
    told = page.content.decode()
    assert told.count("If an attribute is missing:") == 2
    assert "write the fallback text instead: “you”" in told
    assert "stop and tell me" in told


def test_who_may_only_look_sees_the_policy(
    template: MessageTemplate, client: Client, django_user_model: Any
) -> None:
    staff = django_user_model.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename="view_messagetemplate"))
    client.force_login(staff)
    page = client.get(reverse("admin:campaigns_messagetemplate_change", args=[template.pk]))
    assert "Stop and tell me" in page.content.decode()
    assert '<select name="missing_policy"' not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_versions_take_over_what_their_template_did_and_stay_unchangeable() -> None:
    old = MigrationExecutor(connection)
    old.migrate([("campaigns", "0003_campaigns")])
    apps = MigrationExecutor(connection).loader.project_state([("campaigns", "0003_campaigns")]).apps
    model = apps.get_model("campaigns", "MessageTemplate")
    for name, policy, text in (("A", "fallback", "you"), ("B", "stop", "")):
        stored = model.objects.create(name=name, missing_policy=policy, fallback_text=text)
        for number in (1, 2):
            stored.versions.create(number=number)

    call_command("migrate", "campaigns", verbosity=0)

    found = TemplateVersion.objects.order_by("template__name", "number")
    assert [versions.policy_of(version) for version in found] == [("fallback", "you")] * 2 + [
        ("stop", "")
    ] * 2
    assert missing(connection, TRIGGERS) == []

    TemplateVersion.objects.create(template=found[3].template, number=3, missing_policy="skip")
    MigrationExecutor(connection).migrate([("campaigns", "0003_campaigns")])
    assert list(model.objects.order_by("name").values_list("missing_policy", "fallback_text")) == [
        ("fallback", "you"), ("skip", ""),
    ]  # fmt: skip
    call_command("migrate", "campaigns", verbosity=0)
