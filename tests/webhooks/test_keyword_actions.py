"""What keywords ask of audiences and campaigns: written with the message, handed on in order, tried again by staff."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from core.clock import now
from tests.webhooks.conftest import PERSON, Post, inbound, shown
from webhooks import erasing, outbox
from webhooks.admin.outbox import failed_count
from webhooks.models import CustomKeyword, KeywordOutbox, Webhook
from webhooks.services import touch

LIST = "/admin/webhooks/keywordoutbox/"


def keyword(webhook: Webhook, action: str = "add", word: str = "JOIN", **values: Any) -> CustomKeyword:
    made = CustomKeyword.objects.create(
        webhook=webhook, keywords=word, action=action, **{"name": word.title(), "target": "Club", **values}
    )
    touch(webhook=webhook)
    return made


def say(post: Post, text: str, **values: Any) -> None:
    assert post(inbound(text, **values)).status_code == 200


def rows() -> list[tuple[str, str, str]]:
    return list(KeywordOutbox.objects.order_by("id").values_list("kind", "target", "state"))


@pytest.mark.parametrize("action", ["add", "remove", "campaign"])
def test_a_keyword_writes_what_is_to_be_done_with_the_message(
    post: Post, webhook: Webhook, action: str
) -> None:
    keyword(webhook, action, message="Welcome!")
    say(post, "join")
    (row,) = KeywordOutbox.objects.all()
    assert (row.kind, row.target, row.category, row.state) == (action, "Club", "Join", "waiting")
    assert row.message.msisdn == PERSON
    assert row.message.reply is not None
    assert row.message.reply.text == "Welcome!"


def test_the_same_message_again_asks_for_nothing_more(post: Post, webhook: Webhook) -> None:
    keyword(webhook)
    say(post, "join")
    say(post, "join")
    assert rows() == [("add", "Club", "waiting")]


def test_rows_come_in_the_order_of_the_messages_and_only_when_due(post: Post, webhook: Webhook) -> None:
    keyword(webhook)
    keyword(webhook, "remove", "LEAVE")
    say(post, "join")
    say(post, "leave")
    first, second = KeywordOutbox.objects.order_by("id")
    assert outbox.due(10) == [first.pk, second.pk]
    assert outbox.due(1) == [first.pk]
    outbox.fail(first.pk, "later", again=True)
    assert outbox.due(10) == [second.pk]
    with time_machine.travel(now() + timedelta(seconds=31)):
        assert set(outbox.due(10)) == {first.pk, second.pk}


def test_what_is_done_stays_done(post: Post, webhook: Webhook) -> None:
    keyword(webhook)
    say(post, "join")
    (row,) = KeywordOutbox.objects.all()
    with transaction.atomic():
        owned = outbox.locked(row.pk)
        assert owned
        outbox.finish(owned, "added")
    with transaction.atomic():
        assert outbox.locked(row.pk) is None
    outbox.fail(row.pk, "no", again=False)
    assert outbox.retry(row_ids=[row.pk]) == 0
    row.refresh_from_db()
    assert (row.state, row.note, row.tries) == ("done", "added", 1)


def test_a_passing_fault_is_tried_again_and_left_to_staff_in_the_end(post: Post, webhook: Webhook) -> None:
    keyword(webhook)
    say(post, "join")
    (row,) = KeywordOutbox.objects.all()
    for _ in range(outbox.MOST_TRIES):
        row.refresh_from_db()
        assert row.state == "waiting"
        outbox.fail(row.pk, "x" * 500, again=True)
    row.refresh_from_db()
    assert (row.state, row.tries, len(row.note)) == ("failed", outbox.MOST_TRIES, 300)


def test_the_last_word_about_an_audience_counts(post: Post, webhook: Webhook) -> None:
    keyword(webhook)
    keyword(webhook, "remove", "LEAVE")
    keyword(webhook, "campaign", "OFFER")
    for text in ("join", "leave", "offer"):
        say(post, text)
    join, leave, offer = KeywordOutbox.objects.order_by("id")
    assert not outbox.is_overtaken(join)
    with transaction.atomic():
        outbox.finish(leave, "removed")
    assert outbox.is_overtaken(join)
    assert not outbox.is_overtaken(leave)
    assert not outbox.is_overtaken(offer)


def test_nothing_is_done_to_the_forgotten(post: Post, webhook: Webhook) -> None:
    keyword(webhook)
    say(post, "join")
    erasing.erase_number(PERSON)
    assert rows() == []


def failed(post: Post, webhook: Webhook) -> KeywordOutbox:
    keyword(webhook)
    say(post, "join")
    row = KeywordOutbox.objects.get()
    outbox.fail(row.pk, "There is no audience named “Club”.", again=False)
    return row


def test_staff_see_what_failed_and_have_it_tried_again(post: Post, webhook: Webhook, staff: Client) -> None:
    row = failed(post, webhook)
    page = html.unescape(shown(staff.get(LIST)))
    assert "There is no audience named “Club”." in page
    assert "menu-waiting" in page
    CustomKeyword.objects.update(target="The club")
    staff.post(LIST, {"action": "try_again", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert (row.state, row.target, row.tries) == ("waiting", "The club", 0)
    assert AuditEntry.objects.filter(action="tried again").count() == 1
    assert "None of them has failed" in shown(
        staff.post(LIST, {"action": "try_again", "_selected_action": [str(row.pk)]}, follow=True)
    )


def test_the_menu_counts_what_failed(post: Post, webhook: Webhook) -> None:
    assert failed_count(None) == 0  # type: ignore[arg-type]
    failed(post, webhook)
    assert failed_count(None) == 1  # type: ignore[arg-type]


def test_viewers_see_and_cannot_have_it_tried_again(post: Post, webhook: Webhook, client: Client) -> None:
    row = failed(post, webhook)
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_keywordoutbox"))
    client.force_login(user)
    assert "Join" in shown(client.get(LIST))
    client.post(LIST, {"action": "try_again", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.state == "failed"
    page = shown(client.get(reverse("admin:webhooks_keywordoutbox_change", args=[row.pk])))
    assert PERSON not in page
