from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from credentials.models import ApiCredential, ResponseRule
from messaging import claiming, delivery
from messaging.models import ChannelConfiguration, ChannelStatus, Message, SendHold
from messaging.states import State
from tests.messaging.conftest import NUMBER, PROVIDER_URL

pytestmark = pytest.mark.django_db
Queue = Callable[..., Message]


@pytest.fixture
def viewer(db: None) -> Client:
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def settle(client: Client, step: str, *chosen: Message, why: str = "Their log, ticket 4711") -> Any:
    values = {"id": [str(message.pk) for message in chosen], "why": why}
    return client.post(reverse("admin:messaging_message_settle", args=[step]), values)


def page_of(message: Message) -> str:
    return reverse("admin:messaging_message_change", args=[message.pk])


@pytest.mark.parametrize("term", ["+14155550101", "415 555 0101", "(415) 555-0101", "14155550101"])
def test_messages_are_found_by_any_form_of_the_number(admin_client: Client, queue: Queue, term: str) -> None:
    queue(text="The one")
    queue(to="+14155550199", text="Another")
    page = admin_client.get(reverse("admin:messaging_message_changelist"), {"q": term}).content.decode()
    assert "The one" in page
    assert "Another" not in page


def test_messages_are_found_by_our_id(admin_client: Client, queue: Queue) -> None:
    message = queue(text="The one")
    queue(text="Another")
    page = admin_client.get(
        reverse("admin:messaging_message_changelist"), {"q": str(message.id)}
    ).content.decode()
    assert "The one" in page
    assert "Another" not in page


def test_list_takes_the_same_number_of_queries_however_long(
    admin_client: Client, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    for index in range(20):
        queue(to=f"+1415555{index:04d}")
    with django_assert_max_num_queries(17):
        admin_client.get(reverse("admin:messaging_message_changelist"))


def test_accepted_without_webhook_says_so(admin_client: Client, queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, json={"id": "p-1"})
    message = queue()
    delivery.deliver_one(message.id)
    assert "No delivery reports configured" in admin_client.get(page_of(message)).content.decode()
    changelist = reverse("admin:messaging_message_changelist")
    assert "No delivery reports configured" in admin_client.get(changelist).content.decode()


def test_page_shows_history_and_masked_attempts(admin_client: Client, queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, json={"id": "p-1"})
    message = queue(text="<b>Hello</b>")
    delivery.deliver_one(message.id)
    page = admin_client.get(page_of(message)).content.decode()
    assert "&lt;b&gt;Hello" in page
    assert all(word in page for word in ("Queued", "Claimed", "Sending", "Accepted", "HTTP 200", "p-1"))
    assert "token-123" not in page


@pytest.mark.parametrize(
    ("answer", "judged_by"),
    [
        ({"status": "refused"}, "Judged by Response rule 1 (status is one of refused): Failed for good."),
        ({"status": "queued"}, "Judged by the HTTP status: no response rule fitted."),
    ],
)
def test_page_tells_which_rule_judged_even_after_the_rules_have_changed(
    admin_client: Client, queue: Queue, provider: Any, answer: dict[str, str], judged_by: str
) -> None:
    provider.post(PROVIDER_URL, json=answer)
    message = queue()
    ResponseRule.objects.create(credential=message.credential, path="status", values="refused")
    delivery.deliver_one(message.id)
    ResponseRule.objects.all().delete()
    page = admin_client.get(page_of(message)).content.decode()
    assert judged_by in page


@pytest.mark.django_db(transaction=True)
def test_page_of_a_long_message_shows_its_parts(
    admin_client: Client, queue: Queue, credential: ApiCredential, provider: Any
) -> None:
    credential.max_length = 10
    credential.save()
    provider.post(PROVIDER_URL, json={"id": "p-1"})
    provider.post(PROVIDER_URL, status=400)
    message = queue(text="first part second one third part", credential=credential)
    delivery.deliver_one(message.id)
    page = admin_client.get(page_of(message)).content.decode()
    table = page[page.index('id="message-parts"') :]
    assert [row for row in ("first part", "second one", "third part", "p-1") if row not in table] == []
    assert "Not sent" in table
    assert all(
        words in page for words in ("Part 1: Accepted", "Part 2: Failed", "1 of 3 parts was accepted.")
    )


def test_page_of_a_short_message_speaks_of_no_parts(
    admin_client: Client, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "p-1"})
    message = queue()
    delivery.deliver_one(message.id)
    page = admin_client.get(page_of(message)).content.decode()
    assert "message-parts" not in page
    assert "Part 1" not in page


def test_queued_message_can_be_cancelled_once(admin_client: Client, queue: Queue) -> None:
    message = queue()
    url = reverse("admin:messaging_message_step", args=[message.pk, "cancel"])
    admin_client.post(url)
    message.refresh_from_db()
    assert (message.state, message.events.last().actor) == (State.CANCELLED, "admin")
    assert AuditEntry.objects.filter(action="cancel").count() == 1
    assert "moved on" in admin_client.post(url, follow=True).content.decode()


def test_message_on_its_way_cannot_be_cancelled(admin_client: Client, queue: Queue) -> None:
    message = queue()
    claiming.claim_one(message.id)
    admin_client.post(reverse("admin:messaging_message_step", args=[message.pk, "cancel"]))
    message.refresh_from_db()
    assert message.state == State.CLAIMED


def test_steps_need_post_and_permission(admin_client: Client, viewer: Client, queue: Queue) -> None:
    url = reverse("admin:messaging_message_step", args=[queue().pk, "cancel"])
    assert admin_client.get(url).status_code == 405
    assert viewer.post(url).status_code == 403
    assert set(Message.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_channel_is_made_as_a_draft_and_activated(admin_client: Client, credential: ApiCredential) -> None:
    values = {
        "name": "alerts", "credential": str(credential.pk), "sender": "(500) 555-0006",
        "purpose": "transactional", "default_country": "US", "require_opt_in": "on",
    }  # fmt: skip
    answer = admin_client.post(reverse("admin:messaging_channelconfiguration_add"), values)
    assert answer.status_code == 302, answer.context["errors"]
    channel = ChannelConfiguration.objects.get()
    assert (channel.status, channel.sender, channel.default_country) == ("draft", "+15005550006", "US")
    admin_client.post(reverse("admin:messaging_channel_status", args=[channel.pk]), {"status": "active"})
    channel.refresh_from_db()
    assert channel.status == ChannelStatus.ACTIVE


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": "1 bad name"}, "Start with a letter"),
        ({"sender": "+1"}, "sender"),
        ({"sender": "much too long a name"}, "sender"),
        ({"default_country": "XX"}, "valid choice"),
        ({"quiet_from": "21:00"}, "Give both times"),
        ({"quiet_from": "21:00", "quiet_until": "21:00"}, "around the clock"),
        ({"quiet_days": ["someday"]}, "valid choice"),
        ({"quiet_whole_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, "at least one day"),
        ({"cap_count": "0"}, "greater than or equal to 1"),
        ({"give_up_after": "20000"}, "less than or equal to 10080"),
    ],
)
def test_bad_channel_is_refused_with_the_reason(
    admin_client: Client, credential: ApiCredential, values: dict[str, Any], error: str
) -> None:
    good: dict[str, Any] = {
        "name": "alerts",
        "credential": str(credential.pk),
        "sender": "SHOP",
        "purpose": "marketing",
    }
    answer = admin_client.post(reverse("admin:messaging_channelconfiguration_add"), good | values)
    assert answer.status_code == 200
    assert error in str(answer.context["adminform"].form.errors)
    assert not ChannelConfiguration.objects.exists()


def test_times_of_a_channel_are_stored_as_filled_in(admin_client: Client, credential: ApiCredential) -> None:
    values = {
        "name": "news", "credential": str(credential.pk), "sender": "SHOP", "purpose": "marketing",
        "quiet_from": "22:00", "quiet_until": "08:00", "quiet_days": ["mon", "fri"], "quiet_whole_days": ["sun"],
        "cap_count": "3", "cap_window": "week", "cap_scope": "all", "cap_drops": "on", "give_up_after": "90",
    }  # fmt: skip
    answer = admin_client.post(reverse("admin:messaging_channelconfiguration_add"), values)
    assert answer.status_code == 302, answer.context["errors"]
    channel = ChannelConfiguration.objects.get()
    assert (str(channel.quiet_from), str(channel.quiet_until)) == ("22:00:00", "08:00:00")
    assert (channel.quiet_days, channel.quiet_whole_days, channel.quiet_for_all) == (
        ["mon", "fri"],
        ["sun"],
        False,
    )
    assert (channel.cap_count, channel.cap_window, channel.cap_scope, channel.cap_drops) == (
        3,
        "week",
        "all",
        True,
    )
    assert channel.give_up_after == 90
    page = admin_client.get(reverse("admin:messaging_channelconfiguration_change", args=[channel.pk]))
    assert 'value="sun"' in page.content.decode()


def test_channel_of_a_paused_credential_is_not_activated(
    admin_client: Client, channel: ChannelConfiguration
) -> None:
    from credentials.pausing import pause

    ChannelConfiguration.objects.update(status=ChannelStatus.DRAFT)
    pause(credential_id=channel.credential_id, reason="401")
    answer = admin_client.post(
        reverse("admin:messaging_channel_status", args=[channel.pk]), {"status": "active"}, follow=True
    )
    assert "is paused" in answer.content.decode()
    channel.refresh_from_db()
    assert channel.status == ChannelStatus.DRAFT


def test_message_by_hand_goes_through_the_channel(
    admin_client: Client, channel: ChannelConfiguration
) -> None:
    url = reverse("admin:messaging_channel_send", args=[channel.pk])
    answer = admin_client.post(url, {"number": "415 555 0101", "message": "Hi"})
    message = Message.objects.get()
    assert answer.url == page_of(message)
    assert (message.msisdn, message.source) == (NUMBER, "admin")


def test_refused_message_by_hand_keeps_what_was_typed(
    admin_client: Client, channel: ChannelConfiguration
) -> None:
    url = reverse("admin:messaging_channel_send", args=[channel.pk])
    answer = admin_client.post(url, {"number": "415 555 0101", "message": "Hi {{profile.x}}"})
    assert answer.status_code == 422
    assert "Hi {{profile.x}}" in answer.content.decode()
    assert not Message.objects.exists()


def test_hold_is_placed_and_released(admin_client: Client) -> None:
    admin_client.post(reverse("admin:messaging_sendhold_add"), {"reason": "Fraud"})
    hold = SendHold.objects.get()
    assert (hold.placed_by, hold.released_at) == ("admin", None)
    admin_client.post(reverse("admin:messaging_sendhold_release", args=[hold.pk]))
    hold.refresh_from_db()
    assert (hold.released_by, hold.released_at is None) == ("admin", False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 202, "json": {"messageId": "p-1"}}, "sent"),
        ({"status": 503}, "temporary"),
        ({"status": 500}, "temporary"),
        ({"status": 401}, "credential"),
        ({"status": 400, "json": {"message": "no such sender"}}, "configuration"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_test_send_tells_where_to_look(
    admin_client: Client, credential: ApiCredential, provider: Any, answer: dict[str, Any], kind: str
) -> None:
    provider.post(PROVIDER_URL, **answer)
    url = reverse("admin:messaging_credential_test_send", args=[credential.pk])
    page = admin_client.post(url, {"number": NUMBER, "message": "Test", "sender": "+15005550006"})
    assert page.context["result"].kind == kind
    assert "token-123" not in page.content.decode()
    assert Message.objects.get().state in (State.ACCEPTED, State.FAILED, State.UNKNOWN)


def test_test_send_obeys_an_opt_out(
    admin_client: Client, credential: ApiCredential, provider: Any, opt_out: Callable[..., Any]
) -> None:
    opt_out()
    url = reverse("admin:messaging_credential_test_send", args=[credential.pk])
    page = admin_client.post(url, {"number": NUMBER, "message": "Test"}).content.decode()
    assert "opted out" in page
    assert len(provider.calls) == 0


@pytest.mark.parametrize(("step", "state"), [("resend", State.QUEUED), ("mark_failed", State.FAILED)])
def test_unknown_message_is_settled_by_staff(
    admin_client: Client, queue: Queue, provider: Any, step: str, state: State
) -> None:
    provider.post(PROVIDER_URL, status=500)
    message = queue()
    delivery.deliver_one(message.id)
    assert "Send again, may arrive twice" in admin_client.get(page_of(message)).content.decode()
    asked = admin_client.post(reverse("admin:messaging_message_step", args=[message.pk, step]))
    message.refresh_from_db()
    assert (asked.status_code, message.state) == (200, State.UNKNOWN)
    answer = settle(admin_client, step, message, why="")
    message.refresh_from_db()
    assert (answer.status_code, message.state) == (422, State.UNKNOWN)
    settle(admin_client, step, message)
    message.refresh_from_db()
    assert (message.state, message.possible_duplicate) == (state, step == "resend")
    assert "Their log, ticket 4711" in admin_client.get(page_of(message)).content.decode()
    assert AuditEntry.objects.filter(action=step).count() == 1


def test_message_sent_again_after_unknown_is_flagged_and_accepted(
    admin_client: Client, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, status=500)
    provider.post(PROVIDER_URL, json={"id": "p-2"})
    message = queue()
    delivery.deliver_one(message.id)
    settle(admin_client, "resend", message)
    delivery.deliver_one(message.id)
    message.refresh_from_db()
    assert (message.state, message.possible_duplicate, message.parts.get().state) == (
        "accepted",
        True,
        "accepted",
    )
    assert [attempt.number for attempt in message.attempts.all()] == [1, 2]


def test_test_send_during_a_hold_is_refused_and_never_goes_out_later(
    admin_client: Client, credential: ApiCredential, provider: Any
) -> None:
    SendHold.objects.create(reason="Drill", placed_by="ada")
    url = reverse("admin:messaging_credential_test_send", args=[credential.pk])
    page = admin_client.post(url, {"number": NUMBER, "message": "Test"}).content.decode()
    assert "Release the hold" in page
    assert not Message.objects.exists()


def test_who_sent_by_hand_is_recorded(admin_client: Client, channel: ChannelConfiguration) -> None:
    admin_client.post(
        reverse("admin:messaging_channel_send", args=[channel.pk]), {"number": NUMBER, "message": "Hi"}
    )
    assert Message.objects.get().events.get().actor == "admin"
    entry = AuditEntry.objects.get(action="sent message")
    assert (entry.actor, entry.changes["to"]) == ("admin", "+1415•••0101")


def test_forged_status_changes_nothing_bad(admin_client: Client, channel: ChannelConfiguration) -> None:
    url = reverse("admin:messaging_channel_status", args=[channel.pk])
    for body in ({"status": "nonsense"}, {}):
        assert admin_client.post(url, body).status_code == 302
    channel.refresh_from_db()
    assert channel.status == ChannelStatus.ACTIVE


def test_channel_with_messages_is_not_deleted(
    admin_client: Client, channel: ChannelConfiguration, queue: Queue
) -> None:
    queue()
    url = reverse("admin:messaging_channelconfiguration_delete", args=[channel.pk])
    page = admin_client.post(url, {"post": "yes"}, follow=True).content.decode()
    assert "Make it a draft" in page
    assert ChannelConfiguration.objects.exists()


def test_waiting_message_says_what_it_waits_for(admin_client: Client, queue: Queue) -> None:
    message = queue()
    SendHold.objects.create(reason="Drill", placed_by="ada")
    for url in (reverse("admin:messaging_message_changelist"), page_of(message)):
        assert "All sending is on hold" in admin_client.get(url).content.decode()
