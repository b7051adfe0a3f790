"""The list of unclear messages: what stands in it, and settling many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.states import State

pytestmark = pytest.mark.django_db

Queue = Callable[..., Message]
LIST = "/admin/messaging/unclearmessage/"
WAYS = {
    State.UNKNOWN: (State.CLAIMED, State.SENDING, State.UNKNOWN),
    State.QUARANTINED: (State.CLAIMED, State.QUARANTINED),
}


def unclear(queue: Queue, state: State, **values: Any) -> Message:
    message = queue(**values)
    for step in WAYS[state]:
        Message.objects.filter(id=message.id).update(state=step)
    message.refresh_from_db()
    return message


def states_of(messages: list[Message]) -> list[str]:
    return [Message.objects.get(id=message.id).state for message in messages]


def act(client: Client, step: str, messages: list[Message]) -> Any:
    values = {"action": step, "_selected_action": [str(message.pk) for message in messages]}
    return client.post(LIST, values, follow=True)


def settle(client: Client, step: str, messages: list[Message], why: str = "Checked with them") -> Any:
    values = {"id": [str(message.pk) for message in messages], "why": why}
    return client.post(reverse("admin:messaging_message_settle", args=[step]), values, follow=True)


def test_the_list_holds_what_is_unclear_and_nothing_else(admin_client: Client, queue: Queue) -> None:
    unclear(queue, State.UNKNOWN, text="No answer")
    unclear(queue, State.QUARANTINED, text="Kills workers")
    queue(text="Just waits")
    page = admin_client.get(LIST).content.decode()
    assert "No answer" in page
    assert "Kills workers" in page
    assert "Just waits" not in page


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("resend", State.UNKNOWN, State.QUEUED),
        ("mark_accepted", State.UNKNOWN, State.ACCEPTED),
        ("mark_delivered", State.UNKNOWN, State.DELIVERED),
        ("mark_failed", State.UNKNOWN, State.FAILED),
        ("requeue", State.QUARANTINED, State.QUEUED),
        ("give_up", State.QUARANTINED, State.FAILED),
    ],
)
def test_many_are_settled_after_a_second_thought(
    step: str, before: State, after: State, admin_client: Client, queue: Queue
) -> None:
    messages = [unclear(queue, before, to=f"+1415555010{index}") for index in range(3)]
    for message in messages:
        message.parts.update(state="unknown" if before == State.UNKNOWN else "waiting")
    asked = act(admin_client, step, messages).content.decode()
    assert states_of(messages) == [before] * 3
    assert 'name="why"' in asked
    settle(admin_client, step, messages)
    assert states_of(messages) == [after] * 3
    last = messages[0].events.last()
    assert last is not None
    assert (last.actor, last.detail.partition(": ")[2]) == ("admin", "Checked with them")


def test_a_step_that_fits_none_of_the_chosen_says_so(admin_client: Client, queue: Queue) -> None:
    message = unclear(queue, State.QUARANTINED)
    assert "None of them is unknown" in act(admin_client, "resend", [message]).content.decode()
    assert "did not fit" in settle(admin_client, "resend", [message]).content.decode()
    assert states_of([message]) == [State.QUARANTINED]


def test_who_may_only_look_settles_nothing(client: Client, queue: Queue) -> None:
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    message = unclear(queue, State.UNKNOWN)
    assert client.get(LIST).status_code == 200
    assert settle(client, "resend", [message]).status_code == 403
    assert states_of([message]) == [State.UNKNOWN]


@pytest.mark.parametrize(("step", "ids"), [("nonsense", []), ("cancel", []), ("resend", ["no id"])])
def test_what_no_page_offers_is_not_found(step: str, ids: list[str], admin_client: Client) -> None:
    url = reverse("admin:messaging_message_settle", args=[step])
    assert admin_client.post(url, {"id": ids, "why": "x"}).status_code == 404
