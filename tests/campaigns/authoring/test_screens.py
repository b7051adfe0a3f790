from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import AuditEntry
from campaigns.authoring import versions
from campaigns.models import Campaign, CampaignVariant, MessageTemplate, StaffNumber
from messaging.models import ChannelConfiguration
from profiles.models import Profile

pytestmark = pytest.mark.django_db

ADD = reverse("admin:campaigns_messagetemplate_add")
CHECK = reverse("admin:campaigns_messagetemplate_check")
LIST = reverse("admin:campaigns_messagetemplate_changelist")


def form(*texts: tuple[str, str], **more: Any) -> dict[str, Any]:
    rows = {
        f"texts-{index}-{name}": value
        for index, pair in enumerate(texts)
        for name, value in zip(("language", "text"), pair, strict=True)
    }
    policy = {"missing_policy": "skip", "fallback_text": ""}
    return {"name": "Welcome", "description": "", **policy, "texts-TOTAL": len(texts), **rows, **more}


def saved(*texts: tuple[str, str]) -> MessageTemplate:
    template = MessageTemplate.objects.create(name="Welcome")
    versions.save(template=template, texts=dict(texts), actor="ada")
    return template


def change_of(template: MessageTemplate) -> str:
    return reverse("admin:campaigns_messagetemplate_change", args=[template.pk])


def test_a_template_is_written_in_two_languages_and_listed(admin_client: Client) -> None:
    answer = admin_client.post(ADD, form(("", "Hi {{profile.firstName}}"), ("de", "Hallo\r\nDu"), ("", " ")))

    assert answer.status_code == 302, answer.content.decode()
    template = MessageTemplate.objects.get()
    assert versions.latest_texts(template) == {"": "Hi {{profile.firstName}}", "de": "Hallo\nDu"}
    listed = admin_client.get(LIST).content.decode()
    assert "default, de" in listed
    entry = AuditEntry.objects.get(object_type="campaigns.messagetemplate")
    assert entry.changes["version"] == {"after": 1}


def test_changed_texts_become_the_next_version_and_unchanged_ones_do_not(admin_client: Client) -> None:
    template = saved(("", "One"))

    admin_client.post(change_of(template), form(("", "One"), description="x"))
    assert template.versions.count() == 1
    admin_client.post(change_of(template), form(("", "Two"), ("de", "Zwei")))
    admin_client.post(change_of(template), form(("", "Two"), ("de", "Zwei"), **{"texts-1-DELETE": "1"}))

    assert [version.number for version in template.versions.all()] == [3, 2, 1]
    assert versions.latest_texts(template) == {"": "Two"}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([("", "")], "The text is empty"),
        ([("", "Hi {{ profile.firstName")], "Line 1, column 4"),
        ([("", "Hi {{ name }}")], "There is no variable name"),
        ([("", "Hi {{ profile.name | uper }}")], "Did you mean upper?"),
        ([("", "Hi \0")], "NUL"),
        ([("", "x" * 1501)], "at most 1,500"),
        (
            [("", "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}")],
            "loops take more",
        ),
        ([("", "Hi"), ("de", "{{")], "de"),
        ([("", "Hi"), ("de", "A"), ("DE", "B")], "two texts for DE"),
        ([("", "Hi"), ("d!", "A")], "Write a language tag"),
        ([("", "Hi"), ("", "A")], "Name the language"),
        ([("de", "Hallo")], "default"),
    ],
)
def test_a_text_nobody_can_get_is_not_saved_and_stays_in_the_form(
    texts: list[tuple[str, str]], words: str, admin_client: Client
) -> None:
    answer = admin_client.post(ADD, form(*texts))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert words in page
    assert not MessageTemplate.objects.exists()


def test_without_a_script_a_button_shows_the_preview_and_saves_nothing(admin_client: Client) -> None:
    answer = admin_client.post(
        ADD, form(("", "Hi {{profile.a}} – you"), preview_samples="a\nAda\nBert", _preview="1")
    )

    page = answer.content.decode()
    assert "Hi Ada – you" in page
    assert "Hi Bert – you" in page
    assert "errornote" not in page
    assert not MessageTemplate.objects.exists()


def test_the_script_gets_problems_counter_preview_people_and_picker(admin_client: Client) -> None:
    ada = Profile.objects.create(
        msisdn="+14155550123", external_id="ada", attributes={"firstName": "Ada", "tags": ["a"]}
    )
    Profile.objects.create(msisdn="+14155550124", attributes={"firstName": "Bartholomew", "vip": True})

    posted = form(("", "Hi {{profile.firstNam | default: 'x'}}…"), preview_profiles=[str(ada.pk)])
    found = admin_client.post(CHECK, posted).json()

    (problem,) = found["problems"]
    assert (problem["level"], problem["line"], problem["column"]) == ("warning", 1, 6)
    assert "Did you mean profile.firstName?" in problem["hint"]
    assert "UCS-2" in found["counter"]
    assert 'data-character="…"' in found["counter"]
    assert "ada" in found["preview"]
    assert "checked" in found["people"]
    inserts = [item["insert"] for item in found["picker"][0]["items"]]
    assert inserts[0] == "{{profile.firstName}}"
    assert "{{profile.vip}}" in inserts


def test_who_has_not_begun_to_write_has_made_no_mistake(admin_client: Client) -> None:
    assert admin_client.post(CHECK, form(("", "  "))).json()["problems"] == []


def test_who_may_not_see_profiles_gets_none(client: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("author", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="campaigns"))
    client.force_login(user)
    ada = Profile.objects.create(msisdn="+14155550123", external_id="ada", attributes={"firstName": "Ada"})

    found = client.post(CHECK, form(("", "Hi {{profile.firstName}}"), preview_profiles=[str(ada.pk)])).json()

    assert "Ada" not in found["preview"]
    assert "ada" not in found["people"]


def test_viewers_read_the_text_and_change_nothing(client: Client, django_user_model: Any) -> None:
    template = saved(("", "Hi there"))
    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_messagetemplate"))
    client.force_login(user)

    page = client.get(change_of(template)).content.decode()

    assert "Hi there" in page
    assert "data-message-editor" not in page
    restore = reverse("admin:campaigns_messagetemplate_restore", args=[template.pk, 1])
    assert client.post(restore).status_code == 403
    assert client.post(reverse("admin:campaigns_messagetemplate_proof")).status_code == 403


def test_the_history_shows_what_changed_and_restores_as_a_new_version(admin_client: Client) -> None:
    template = saved(("", "Good morning Ada"))
    versions.save(template=template, texts={"": "Good evening Ada"}, actor="bert")
    address = reverse("admin:campaigns_messagetemplate_versions", args=[template.pk])

    page = admin_client.get(address).content.decode()
    assert "<del>morning</del><ins>evening</ins>" in page

    restore = reverse("admin:campaigns_messagetemplate_restore", args=[template.pk, 1])
    assert "Version 3 says" in admin_client.post(restore, follow=True).content.decode()
    assert versions.latest_texts(template) == {"": "Good morning Ada"}
    again = admin_client.post(
        reverse("admin:campaigns_messagetemplate_restore", args=[template.pk, 3]), follow=True
    )
    assert "nothing was changed" in again.content.decode()
    assert template.versions.count() == 3


def test_the_list_asks_as_many_questions_for_many_templates_as_for_one(admin_client: Client) -> None:
    asked = []
    for upto in (1, 8):
        for number in range(upto):
            template, _ = MessageTemplate.objects.get_or_create(name=f"T{number}")
            versions.save(template=template, texts={"": "Hi", "de": "Hallo"}, actor="")
        admin_client.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(LIST)
        asked.append(len(queries))

    assert asked[0] == asked[1]


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "exe"])
def test_a_sample_file_can_be_downloaded_and_pasted_back(kind: str, admin_client: Client) -> None:
    answer = admin_client.get(reverse("admin:campaigns_messagetemplate_samples", args=[kind]))

    assert answer["Content-Disposition"].startswith("attachment")
    posted = form(("", "Hi {{profile.firstName}}"), preview_samples=answer.content.decode())
    assert "firstName 2" in admin_client.post(CHECK, posted).json()["preview"]


def test_staff_numbers_are_stored_in_one_form_once(admin_client: Client) -> None:
    add = reverse("admin:campaigns_staffnumber_add")

    admin_client.post(add, {"name": "Ada", "msisdn": "+1 (415) 555-0123"})
    again = admin_client.post(add, {"name": "Bert", "msisdn": "+14155550123"})
    wrong = admin_client.post(add, {"name": "Bert", "msisdn": "12"})

    assert [one.msisdn for one in StaffNumber.objects.all()] == ["+14155550123"]
    assert "on the list already" in again.content.decode()
    assert wrong.status_code == 200


def test_a_template_that_a_campaign_uses_is_listed_with_it_and_kept(
    admin_client: Client, channel: ChannelConfiguration
) -> None:
    used, free = saved(("", "Hi")), MessageTemplate.objects.create(name="Free")
    campaign = Campaign.objects.create(name="Spring", channel=channel)
    version = used.versions.get()
    CampaignVariant.objects.create(campaign=campaign, version=version)

    assert "Spring" in admin_client.get(LIST).content.decode()
    delete = "admin:campaigns_messagetemplate_delete"
    refused = admin_client.post(reverse(delete, args=[used.pk]), {"post": "yes"}, follow=True)
    admin_client.post(reverse(delete, args=[free.pk]), {"post": "yes"})

    assert "is used by Spring" in refused.content.decode()
    assert list(MessageTemplate.objects.all()) == [used]
