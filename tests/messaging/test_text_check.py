from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from core.brief import forget_everything
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration
from profiles.models import Profile
from tests.messaging.conftest import NUMBER

CHECK = reverse("admin:messaging_text_check")


def ask(client: Client, source: str, **fields: str) -> dict[str, Any]:
    answer = client.post(CHECK, json.dumps({"source": source, "fields": fields}), "application/json")
    return dict(answer.json())


@pytest.mark.parametrize(
    ("source", "problem", "preview", "note"),
    [
        ("Hi {{profile.firstName}}", "", "Hi Ada", "GSM-7, 1 part, 6 characters, 154 left in the last part"),
        ("€", "", "€", "GSM-7, 1 part, 1 character, 158 left in the last part"),
        ("a…", "", "a…", "UCS-2, 1 part, 2 characters, 68 left in the last part; Unicode because of …"),
        ("Hi {{profile.nick}}", "profile.nick has no value", "", ""),
        ("Hi {{", "is not closed", "", ""),
        ("Hi {{ name }}", "There is no variable name", "", ""),
        ("x" * 1501, "at most 1,500", "", ""),
        ("a\0b", "", "ab", "GSM-7, 1 part, 2 characters, 158 left in the last part"),
    ],
)
def test_a_message_by_hand_is_counted_while_it_is_typed(
    source: str, problem: str, preview: str, note: str, admin_client: Client, channel: ChannelConfiguration
) -> None:
    Profile.objects.create(msisdn=NUMBER, attributes={"firstName": "Ada"})

    found = ask(admin_client, source, number="(415) 555-0101", channel=str(channel.pk))

    assert (found["preview"], found["note"]) == (preview, note)
    assert problem in "".join(one["message"] for one in found["problems"])
    assert bool(found["problems"]) == bool(problem)


def test_it_is_counted_as_the_channel_sends_it(admin_client: Client, channel: ChannelConfiguration) -> None:
    channel.credential.text_encoding = "smart"
    channel.credential.save()

    assert "GSM-7" in ask(admin_client, "a…", channel=str(channel.pk))["note"]
    assert "UCS-2" in ask(admin_client, "a…", channel="none")["note"]


def test_a_test_of_credentials_is_counted_and_filled_in_as_they_send_it(
    admin_client: Client, channel: ChannelConfiguration
) -> None:
    ApiCredential.objects.update(text_encoding="smart")
    credential = str(channel.credential_id)

    found = ask(admin_client, "{{fromNumber}}…", credential=credential, sender="SHOP")
    assert (found["preview"], found["note"][:5]) == ("SHOP...", "GSM-7")
    assert channel.sender in ask(admin_client, "{{fromNumber}}", credential=credential, sender="")["preview"]


@pytest.mark.parametrize(
    ("permission", "status"),
    [("credentials.change_apicredential", 200), ("messaging.change_channelconfiguration", 200), ("", 403)],
)
def test_whoever_may_send_a_test_may_ask(
    permission: str, status: int, client: Client, django_user_model: Any
) -> None:
    staff = django_user_model.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename=permission.partition(".")[2]))
    client.force_login(staff)
    assert client.post(CHECK, "{}", "application/json").status_code == status


def test_the_picker_offers_what_templates_offer(admin_client: Client, channel: ChannelConfiguration) -> None:
    Profile.objects.create(msisdn=NUMBER, attributes={"shoeSize": 42})
    forget_everything()
    groups = {group["label"]: group["items"] for group in ask(admin_client, "Hi")["picker"]}
    assert [item["insert"] for item in groups["Profile attributes"]] == ["{{profile.shoeSize}}"]
    assert {"Message", "Conditions"} < set(groups)


def test_what_is_no_question_is_refused(admin_client: Client, client: Client) -> None:
    for body in ("[]", "{", ""):
        assert admin_client.post(CHECK, body, "application/json").status_code == 400
    assert client.post(CHECK, "{}", "application/json").status_code == 302


def test_the_page_of_a_channel_has_the_editor(admin_client: Client, channel: ChannelConfiguration) -> None:
    page = admin_client.get(
        reverse("admin:messaging_channelconfiguration_change", args=[channel.pk])
    ).content.decode()

    assert "Open message editor" in page
    assert "editor/payload-editor.js" in page


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_test_of_credentials_has_the_editor(
    is_refused: bool, admin_client: Client, channel: ChannelConfiguration
) -> None:
    key = channel.credential_id
    if is_refused:
        page = admin_client.post(reverse("admin:messaging_credential_test_send", args=[key]), {})
    else:
        page = admin_client.get(reverse("admin:credentials_apicredential_change", args=[key]))
    html = page.content.decode()

    assert f'<input type="hidden" name="credential" value="{key}">' in html
    assert f'data-check-url="{CHECK}" data-language="text"' in html
    assert html.count("editor/payload-editor.js") == 1
    assert "editor/payload-editor.css" in html
