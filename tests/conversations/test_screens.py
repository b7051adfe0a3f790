"""The screens: who may read and answer, what they say, and that no number stands in an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from consent import ledger
from conversations import erasing, marks
from conversations.models import Conversation
from messaging.models import Message
from tests.conversations.conftest import OTHER, PERSON, Sent, Wrote
from webhooks.models import Forward, InboundMessage, KeywordOutbox

LIST = "/admin/conversations/conversation/"
AsRole = Callable[[str], Client]


def at(name: str, anchor: object) -> str:
    return reverse(f"admin:conversations_{name}", args=[anchor])


def thread(anchor: object) -> str:
    return reverse("admin:conversations_conversation_change", args=[anchor])


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_leads_to_the_conversation(admin_client: Client, wrote: Wrote) -> None:
    message = wrote()
    html = shown(admin_client, LIST)
    assert thread(message.pk) in html
    assert "Where is my order?" in html
    assert "menu-waiting" in html
    assert PERSON not in "".join(re.findall(r'(?:href|action|src)="[^"]*"', html))


def test_an_empty_list_says_what_will_stand_there(admin_client: Client) -> None:
    assert "Nobody has written yet" in shown(admin_client, LIST)
    assert "Nothing is unread" in shown(admin_client, f"{LIST}?show=unread")


@pytest.mark.parametrize(
    "query", ["after=x", "after=74a20a44-3199-4a80-b681-743bd7470a4f", "show=unread&after=1"]
)
def test_an_address_made_up_shows_a_list(admin_client: Client, wrote: Wrote, query: str) -> None:
    wrote()
    shown(admin_client, f"{LIST}?{query}")


def test_a_message_of_ours_and_one_of_theirs_lead_to_the_same_page(
    admin_client: Client, wrote: Wrote, sent: Sent
) -> None:
    theirs, ours = wrote("<b>Where?</b>"), sent("On its way")
    for anchor in (theirs.pk, ours.pk):
        html = shown(admin_client, thread(anchor))
        assert "&lt;b&gt;Where?&lt;/b&gt;" in html
        assert "On its way" in html
        assert PERSON not in "".join(re.findall(r'(?:href|action|src)="[^"]*"', html))
    for page in (
        reverse("admin:webhooks_inboundmessage_change", args=[theirs.pk]),
        reverse("admin:messaging_message_change", args=[ours.pk]),
    ):
        assert "/admin/conversations/" in shown(admin_client, page)


def test_the_page_shows_what_a_keyword_did(admin_client: Client, wrote: Wrote) -> None:
    message = wrote("PIZZA", intent="custom", keyword="PIZZA")
    Forward.objects.create(message=message, category="Food", url="https://shop.example/sms")
    KeywordOutbox.objects.create(message=message, category="Food", kind="add", target="Club")
    ledger.record(msisdn=PERSON, kind="opt_out", source="keyword", keyword="STOP")
    html = shown(admin_client, thread(message.pk))
    assert "Custom keyword: PIZZA" in html
    assert "Forwarded to https://shop.example/sms: waiting" in html
    assert "Add to an audience: Club: waiting" in html
    assert "Opted out" in html
    assert "has opted out, so nothing may be sent" in html


@pytest.mark.parametrize("typed", [PERSON, "(415) 555-0123"])
def test_a_number_in_any_form_is_found(admin_client: Client, wrote: Wrote, typed: str) -> None:
    message = wrote()
    answer = admin_client.post(reverse("admin:conversations_find"), {"number": typed})
    assert answer.headers["Location"] == thread(message.pk)


@pytest.mark.parametrize("typed", ["", "nonsense", OTHER, "x" * 5000])
def test_a_number_nobody_wrote_to_or_from_is_said(admin_client: Client, wrote: Wrote, typed: str) -> None:
    wrote()
    answer = admin_client.post(reverse("admin:conversations_find"), {"number": typed}, follow=True)
    assert "Nothing was ever written" in answer.content.decode()


def test_an_answer_goes_out_and_is_in_the_audit_trail(admin_client: Client, wrote: Wrote) -> None:
    message = wrote()
    key = re.search(r'name="key" value="([^"]+)"', shown(admin_client, thread(message.pk)))
    assert key
    for _ in range(2):  # a double click
        answer = admin_client.post(at("reply", message.pk), {"text": "Today.", "key": key[1]})
        assert answer.headers["Location"] == thread(message.pk)
    assert [one.text for one in Message.objects.all()] == ["Today."]
    assert "Today." in shown(admin_client, thread(message.pk))
    entry = AuditEntry.objects.filter(action="answered").first()
    assert entry is not None
    assert PERSON not in str(entry.changes)


@pytest.mark.parametrize("text", ["", "x" * 1501])
def test_a_refused_text_stays_in_the_box(admin_client: Client, wrote: Wrote, text: str) -> None:
    message = wrote()
    answer = admin_client.post(at("reply", message.pk), {"text": text, "key": uuid4()})
    assert answer.status_code == 422
    assert f">{text}</textarea>" in answer.content.decode()
    assert 'class="cv-counted bad"' in answer.content.decode()


def test_who_opted_out_meanwhile_gets_nothing_and_the_text_is_kept(
    admin_client: Client, wrote: Wrote
) -> None:
    message = wrote()
    ledger.record(msisdn=PERSON, kind="opt_out", source="keyword")
    answer = admin_client.post(at("reply", message.pk), {"text": "Long letter", "key": uuid4()})
    assert answer.status_code == 422
    assert "Long letter" in answer.content.decode()
    assert Message.objects.count() == 0


@pytest.mark.parametrize("name", ["reply", "seen", "unread", "count"])
@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("consent officer", False), ("author", True)])
def test_only_those_who_may_send_may_answer_and_mark(
    as_role: AsRole, wrote: Wrote, name: str, role: str, may: bool
) -> None:
    message = wrote()
    client = as_role(role)
    assert ("<textarea" in shown(client, thread(message.pk))) is may
    assert client.get(at(name, message.pk)).status_code == 405
    assert (client.post(at(name, message.pk), {"text": "Hi"}).status_code == 403) is not may


def test_without_the_permission_nothing_is_shown(
    client: Client, wrote: Wrote, django_user_model: type
) -> None:
    message = wrote()
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))  # type: ignore[attr-defined]
    for url in (LIST, thread(message.pk), at("items", message.pk)):
        assert client.get(url).status_code == 403
    assert client.post(reverse("admin:conversations_find"), {"number": PERSON}).status_code == 403


def test_consent_is_shown_to_those_who_may_see_it(as_role: AsRole, wrote: Wrote) -> None:
    message = wrote()
    ledger.record(msisdn=PERSON, kind="help", source="keyword")
    assert "Asked for help" not in shown(as_role("viewer"), thread(message.pk))
    assert "Asked for help" in shown(as_role("operator"), thread(message.pk))


def test_the_script_gets_the_items_alone(admin_client: Client, wrote: Wrote) -> None:
    message = wrote()
    html = shown(admin_client, at("items", message.pk))
    assert "<html" not in html
    assert f'data-key="inbound-{message.pk}"' in html


def test_reading_marks_as_seen_and_a_button_takes_it_back(admin_client: Client, wrote: Wrote) -> None:
    message = wrote()
    seen = {"until": message.received_at.isoformat()}
    assert admin_client.post(at("seen", message.pk), seen).status_code == 204
    assert marks.unread_count() == 0
    admin_client.post(at("unread", message.pk))
    assert marks.unread_count() == 1


@pytest.mark.parametrize("until", ["", "x", "2026-13-45", "2026-01-01T00:00:00", "9999-12-31T00:00:00Z"])
def test_nothing_yet_to_come_counts_as_seen(admin_client: Client, wrote: Wrote, until: str) -> None:
    message = wrote()
    assert admin_client.post(at("seen", message.pk), {"until": until}).status_code == 204
    wrote("Later", minutes=-1)
    assert marks.unread_count() == 1


@pytest.mark.parametrize("anchor", ["x", "0b52488f-8d86-4d85-8061-81190eb35352"])
def test_an_address_of_nobody_is_not_found(admin_client: Client, db: None, anchor: str) -> None:
    assert admin_client.get(f"{LIST}{anchor}/change/").status_code == 404


def test_an_erased_person_has_no_conversation(admin_client: Client, wrote: Wrote) -> None:
    message = wrote()
    marks.mark_seen(msisdn=PERSON, until=message.received_at, actor="ada")
    InboundMessage.objects.update(msisdn="", text="")
    assert erasing.erase_number(PERSON) == 1
    assert not Conversation.objects.exists()
    assert admin_client.get(thread(message.pk)).status_code == 404


def test_each_message_names_our_number_only_where_there_are_several(
    admin_client: Client, wrote: Wrote, sent: Sent
) -> None:
    message = wrote()
    sent()
    items = at("items", message.pk)
    assert "+14155550100" not in shown(admin_client, items)
    wrote("To another number", recipient="+14155550199")
    html = shown(admin_client, items)
    assert "to +14155550199" in html
    assert "from +14155550100" in html
