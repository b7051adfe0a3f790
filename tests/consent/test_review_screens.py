from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.urls import reverse

from access.models import AuditEntry
from consent import disclosures, ledger, reviews, suppression
from consent.models import ConsentEvent, ConsentReview, DisclosureText, Suppression
from core.clock import now
from operations import erasing

pytestmark = pytest.mark.django_db
ADA, BOB = "+14155550123", "+491711234567"
QUEUE = reverse("admin:consent_consentreview_changelist")
LIST = reverse("admin:consent_suppression_changelist")
TEXTS = reverse("admin:consent_disclosuretext_changelist")


@pytest.fixture
def officer(client):
    user = User.objects.create_user("officer", password="a-long-password-1", is_staff=True)
    user.groups.add(Group.objects.get(name="consent officer"))
    client.force_login(user)
    return user


def opened(msisdn=ADA, kind="free_words", text="please leave me alone"):
    return reviews.open_review(msisdn=msisdn, kind=kind, text=text, rule_version="2/phrase")


def shown(client, address, **query):
    return client.get(address, query).content.decode()


def decide_url(review):
    return reverse("admin:consent_consentreview_decide", args=[review.pk])


def test_an_empty_queue_says_what_comes_here(client, officer):
    assert "Nothing to review" in shown(client, QUEUE)


def test_the_queue_shows_text_number_and_clock_with_the_most_urgent_first(client, officer):
    opened()
    opened(BOB, "required_word", "revoke")
    content = shown(client, QUEUE)
    for words in ("please leave me alone", ADA, BOB, "A word the law names", "23\xa0hours left", "Opt-out"):
        assert words in content
    assert content.index("revoke") < content.index("please leave me alone")
    assert f'formaction="{decide_url(ConsentReview.objects.get(kind="free_words"))}"' in content
    assert content.count('value="not_an_opt_out:') == 1  # a required word has no such button


def test_the_menu_counts_what_waits(client, officer):
    opened()
    opened(BOB)
    assert "2<span" in shown(client, reverse("admin:index")).replace(" waiting in Review queue", "")


@pytest.mark.parametrize(
    ("decision", "kinds", "words"),
    [
        ("opt_out", ["possible_opt_out", "opt_out", "review_decision"], "Opted out."),
        ("not_an_opt_out", ["possible_opt_out", "review_decision"], "Noted: not an opt-out."),
    ],
)
def test_one_click_decides(client, officer, decision, kinds, words):
    review = opened()
    answer = client.post(
        decide_url(review), {"decision": f"{decision}:{review.event_id}", "reason": "clear"}, follow=True
    )
    assert words in answer.content.decode()
    assert list(ConsentEvent.objects.order_by("id").values_list("kind", flat=True)) == kinds
    review.refresh_from_db()
    assert (review.decided_by, review.reason, review.state) == ("officer", "clear", "decided")
    assert "Nothing to review" in answer.content.decode()
    assert "Decided" in shown(client, QUEUE, state="decided")


@pytest.mark.parametrize(
    ("kind", "posted", "words"),
    [
        ("free_words", "not_an_opt_out:1", "wrote again"),
        ("required_word", "not_an_opt_out:{event}", "cannot be dismissed"),
        ("free_words", "perhaps:{event}", "must be opt_out or not_an_opt_out"),
        ("free_words", "", "must be opt_out or not_an_opt_out"),
    ],
)
def test_a_click_that_cannot_be_says_why_and_changes_nothing(client, officer, kind, posted, words):
    ledger.record(msisdn=ADA, kind="help", source="keyword")
    review = opened(kind=kind)
    posted = (
        posted.format(event=review.event_id).replace(":1", f":{review.event_id - 1}")
        if posted.endswith(":1")
        else posted.format(event=review.event_id)
    )
    answer = client.post(decide_url(review), {"decision": posted}, follow=True)
    assert words in answer.content.decode()
    review.refresh_from_db()
    assert review.state == "open"


@pytest.mark.parametrize(
    ("action", "state"), [("decide_opt_out", "opt_out"), ("decide_not_an_opt_out", "not_an_opt_out")]
)
def test_several_are_decided_at_once(client, officer, action, state):
    ids = [opened().pk, opened(BOB).pk]
    client.post(QUEUE, {"action": action, "_selected_action": ids})
    assert set(ConsentReview.objects.values_list("state", "decision")) == {("decided", state)}


def test_the_page_of_a_review_shows_everything_and_takes_a_note(client, officer):
    review = opened()
    page = shown(client, reverse("admin:consent_consentreview_change", args=[review.pk]))
    for words in ("Does this person want to stop?", "please leave me alone", "2/phrase", 'name="reason"'):
        assert words in page
    assert "Save and continue" not in page


def test_a_number_is_found_in_any_form_and_the_state_is_filtered(client, officer):
    opened()
    opened(BOB)
    assert len(client.get(QUEUE, {"q": "(415) 555-0123"}).context["cl"].result_list) == 1
    assert len(client.get(QUEUE, {"q": "nothing"}).context["cl"].result_list) == 0
    assert len(client.get(QUEUE, {"state": "lapsed"}).context["cl"].result_list) == 0
    assert len(client.get(QUEUE, {"state": "all"}).context["cl"].result_list) == 2


def test_the_queue_takes_as_many_queries_for_many_rows_as_for_few(
    client, officer, django_assert_max_num_queries
):
    for last in range(20):
        opened(f"+1415555{last:04}")
    with django_assert_max_num_queries(17):
        client.get(QUEUE)


@pytest.mark.django_db(transaction=True)
def test_an_erased_person_is_shown_as_erased():
    from django.test import Client

    User.objects.create_superuser("root", password="a-long-password-1")
    client = Client()
    client.force_login(User.objects.get())
    opened()
    erasing.erase(msisdn=ADA, actor="root", reason="request")
    content = shown(client, QUEUE)
    assert "(erased)" in content
    assert ADA not in content


def test_who_may_only_look_finds_no_buttons(client):
    user = User.objects.create_user("operator", password="a-long-password-1", is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    client.force_login(user)
    review = opened()
    assert client.post(decide_url(review), {"decision": f"opt_out:{review.event_id}"}).status_code == 403
    assert "formaction" not in shown(client, QUEUE)
    assert client.get(decide_url(review)).status_code in (403, 405)


def test_a_number_is_put_on_the_list_and_taken_off(client, officer):
    add = reverse("admin:consent_suppression_add")
    assert "Put on the list" in shown(client, add)
    client.post(add, {"number": "(415) 555-0123", "code": "complaint", "sender": "", "note": "wrote to us"})
    entry = Suppression.objects.get()
    assert (entry.code, entry.source, entry.scope, entry.created_by) == (
        "complaint",
        "staff",
        "all",
        "officer",
    )
    assert ADA in shown(client, LIST)
    page = shown(client, reverse("admin:consent_suppression_change", args=[entry.pk]))
    assert "Take off the list" in page
    answer = client.post(reverse("admin:consent_suppression_lift", args=[entry.pk]), follow=True)
    assert "Lifted." in answer.content.decode()
    assert ADA not in shown(client, LIST)
    assert ADA in shown(client, LIST, in_force="all")
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["added", "lifted"]
    assert ADA[1:] not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("number", "nonsense", "number"),
        ("until_0", "2020-01-01", "must lie in the future"),
        ("code", "", "required"),
    ],
)
def test_a_wrong_entry_is_refused_with_words(client, officer, field, value, words):
    add = reverse("admin:consent_suppression_add")
    given = {"number": ADA, "code": "other", "until_0": "", "until_1": "00:00" if field == "until_0" else ""}
    answer = client.post(add, given | {field: value})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Suppression.objects.exists()


def test_an_entry_renewed_after_its_end_is_a_new_row():
    suppression.add(msisdn=ADA, code="other", source="staff", until=now() + timedelta(hours=1), actor="a")
    with time_machine.travel(now() + timedelta(hours=2)):
        assert suppression.close_expired() == 1
        suppression.add(msisdn=ADA, code="complaint", source="staff")
    assert list(Suppression.objects.order_by("id").values_list("code", "lifted_by")) == [
        ("other", "gateway"),
        ("complaint", ""),
    ]


def test_texts_are_published_in_versions_and_never_changed(client, officer):
    add = reverse("admin:consent_disclosuretext_add")
    for text in ("Up to 4 a month.", "Up to 4 a month.", "Up to 8 a month."):
        client.post(add, {"slug": "newsletter", "text": text})
    assert list(DisclosureText.objects.order_by("version").values_list("version", "text", "created_by")) == [
        (1, "Up to 4 a month.", "officer"),
        (2, "Up to 8 a month.", "officer"),
    ]
    assert "Up to 8 a month." in shown(client, TEXTS)
    first = DisclosureText.objects.get(version=1)
    assert (
        client.post(
            reverse("admin:consent_disclosuretext_change", args=[first.pk]), {"text": "x"}
        ).status_code
        == 403
    )
    assert disclosures.current("newsletter").version == 2
