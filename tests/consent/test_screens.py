from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from consent import ledger
from consent.models import ConsentEvent, SubjectKey

pytestmark = pytest.mark.django_db
ADA, BOB = "+14155550123", "+491711234567"
LIST = "admin:consent_consentevent_changelist"


@pytest.fixture
def reviewer(client):
    user = User.objects.create_superuser("reviewer", password="a-long-password-1")
    client.force_login(user)
    return user


def shown(client, query=""):
    return client.get(f"{reverse(LIST)}?{query}").content.decode()


def test_an_empty_history_says_what_will_appear(client, reviewer):
    assert "STOP, START and HELP" in shown(client)


def test_events_stand_newest_first_with_number_and_state_now(client, reviewer):
    ledger.record(msisdn=ADA, kind="opt_in", source="api", purpose="marketing")
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", keyword="STOP")
    content = shown(client)
    assert content.count(ADA) >= 2
    assert content.index("Opted out") < content.rindex("Opted in")
    assert "Opted out of everything" in content


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("%2B14155550123", True),
        ("(415) 555-0123", True),
        ("1 415 555 0123", True),
        ("+1 415-555-0123", True),
        ("4155550124", False),
        ("+491711234567", False),
        ("stop", True),
    ],
)
def test_a_number_is_found_in_any_form(client, reviewer, query, found):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", keyword="STOP")
    answer = client.get(reverse(LIST), {"q": query.replace("%2B", "+")})
    assert len(answer.context["cl"].result_list) == (1 if found else 0)


@pytest.mark.parametrize(
    ("query", "count"), [("kind__exact=opt_out", 1), ("source__exact=api", 1), ("source__exact=staff", 0)]
)
def test_events_are_filtered(client, reviewer, query, count):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    ledger.record(msisdn=BOB, kind="opt_in", source="api")
    answer = client.get(f"{reverse(LIST)}?{query}")
    assert len(answer.context["cl"].result_list) == count


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    client, reviewer, django_assert_max_num_queries
):
    for number in range(20):
        ledger.record(msisdn=f"+1415555{number:04}", kind="opt_out", source="keyword")
    with django_assert_max_num_queries(16):  # one of them asks PostgreSQL about how many there are
        client.get(reverse(LIST))


def test_the_detail_page_shows_text_proof_and_that_the_chain_holds(client, reviewer):
    event = ledger.record(
        msisdn=ADA, kind="opt_out", source="keyword", text="Stop now!", evidence={"recipient": "+1999"}
    )
    content = client.get(reverse("admin:consent_consentevent_change", args=[event.pk])).content.decode()
    for part in (ADA, "Stop now!", "+1999", event.hash, "Verified"):
        assert part in content


def test_a_broken_chain_is_shown(client, reviewer):
    from django.db import connection

    from consent.triggers import TRIGGERS
    from core import triggers

    event = ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    triggers.remove(connection, TRIGGERS)
    connection.cursor().execute("UPDATE consent_consentevent SET keyword = 'other'")
    content = client.get(reverse("admin:consent_consentevent_change", args=[event.pk])).content.decode()
    assert "Event 1 was changed" in content


def test_an_erased_person_is_shown_as_erased(client, reviewer):
    event = ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text="STOP")
    SubjectKey.objects.all().delete()
    assert "(erased)" in shown(client)
    content = client.get(reverse("admin:consent_consentevent_change", args=[event.pk])).content.decode()
    assert ADA not in content
    assert "(erased)" in content


def test_scope_and_purpose_are_in_words_and_there_is_no_history_button(client, reviewer):
    event = ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    ledger.record(
        msisdn=ADA, kind="opt_out", source="keyword", scope="sender:+15005550006", purpose="marketing"
    )
    listed = shown(client)
    page = client.get(reverse("admin:consent_consentevent_change", args=[event.pk])).content.decode()
    for text in ("All senders", "Marketing and transactional", "Sender +15005550006"):
        assert text in listed
        assert text in page
    history = reverse("admin:consent_consentevent_history", args=[event.pk])
    assert history not in page
    assert f"{reverse(LIST)}?subject={event.subject_id}" in page


def test_the_history_address_leads_to_all_events_of_the_number(client, reviewer):
    event = ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    ledger.record(msisdn=ADA, kind="help", source="keyword")
    ledger.record(msisdn=BOB, kind="help", source="keyword")
    answer = client.get(reverse("admin:consent_consentevent_history", args=[event.pk]))
    assert ADA[1:] not in answer.url
    assert len(client.get(answer.url).context["cl"].result_list) == 2


def test_nobody_changes_the_history_here(client, reviewer):
    event = ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    change = reverse("admin:consent_consentevent_change", args=[event.pk])
    delete = reverse("admin:consent_consentevent_delete", args=[event.pk])
    assert client.post(change, {"kind": "opt_in"}).status_code == 403
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:consent_consentevent_add")).status_code == 403
    assert "delete_selected" not in shown(client)
    assert ConsentEvent.objects.get().kind == "opt_out"


def test_it_takes_the_permission_to_read(client):
    client.force_login(User.objects.create_user("ada", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403
