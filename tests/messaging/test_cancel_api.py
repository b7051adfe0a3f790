from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from access.keys import issue_key
from access.models import Scope
from messaging.accept import accept, through_channel
from messaging.claiming import claim
from messaging.models import ChannelConfiguration, Message, Source
from messaging.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(channel: ChannelConfiguration) -> Message:
    return accept(through_channel(channel, to="+14155550101", text="Hello", source=Source.API))


def call(path: str, body: Any = None, scope: Scope = Scope.SEND) -> Any:
    _, raw = issue_key(name="App", scopes=[scope])
    return Client().post(
        f"/api/v1/messages/{path}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {raw}"},
    )


@pytest.mark.parametrize("claimed", [False, True], ids=["queued", "claimed"])
def test_waiting_message_is_cancelled_with_its_event(message: Message, claimed: bool) -> None:
    before = "queued"
    if claimed:
        assert claim(credential_id=message.credential_id, limit=1).message_ids == (message.id,)
        before = "claimed"
    answer = call(f"{message.id}/cancel")
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (
        200,
        "cancelled",
        "by_application",
    )
    stored = Message.objects.get(id=message.id)
    assert stored.finished_at is not None
    assert stored.lease_token is None
    last = stored.events.order_by("id").last()
    assert last is not None
    assert (last.before, last.after, last.actor) == (before, "cancelled", "api")
    assert claim(credential_id=message.credential_id, limit=1).message_ids == ()


@pytest.mark.parametrize(
    "path", [[State.CANCELLED], [State.CLAIMED, State.SENDING]], ids=["final", "sending"]
)
def test_message_that_is_gone_is_refused_and_left_alone(message: Message, path: list[State]) -> None:
    for state in path:
        Message.objects.filter(id=message.id).update(state=state)
    answer = call(f"{message.id}/cancel")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "message_gone")
    assert path[-1].value in answer.json()["error"]["message"]
    assert Message.objects.get(id=message.id).state == path[-1]
    assert message.events.count() == 1


def test_unknown_message_cannot_be_cancelled(db: None) -> None:
    assert call(f"{uuid.uuid4()}/cancel").json()["error"]["code"] == "message_unknown"


def test_cancelling_needs_the_right_to_send(message: Message) -> None:
    assert call(f"{message.id}/cancel", scope=Scope.READ).status_code == 403


def test_states_come_in_the_order_asked_for(message: Message, channel: ChannelConfiguration) -> None:
    other = accept(through_channel(channel, to="+14155550102", text="Hello", source=Source.API))
    missing = uuid.uuid4()
    ids = [str(one) for one in (other.id, missing, message.id, other.id)]
    answer = call("status", {"ids": ids}, Scope.READ).json()
    assert [(one["id"], one["state"]) for one in answer["messages"]] == [
        (str(other.id), "queued"),
        (str(message.id), "queued"),
    ]
    assert answer["unknown"] == [str(missing)]


@pytest.mark.parametrize(
    "ids", [[], ["x"], [str(uuid.uuid4())] * 1001, None], ids=["none", "no id", "1001", "null"]
)
def test_list_of_ids_that_cannot_be_read_is_refused(db: None, ids: Any) -> None:
    assert call("status", {"ids": ids}, Scope.READ).status_code == 400
