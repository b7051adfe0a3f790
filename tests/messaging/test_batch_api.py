from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.keys import issue_key
from access.models import Scope
from messaging import accept_many as bulk
from messaging.backlog import backlog
from messaging.models import ChannelConfiguration, Message, MessageEvent, MessagePart

pytestmark = pytest.mark.django_db
GOOD = {"to": "+14155550101", "channel": "alerts", "text": "Hello"}
REFUSED = (
    GOOD | {"to": "abc"},
    GOOD | {"channel": "nope"},
    GOOD | {"text": " "},
    GOOD | {"text": "{{profile.missing}}"},
    GOOD | {"text": "x" * 1501},
    GOOD | {"purpose": "marketing"},
    GOOD | {"txt": "typo"},
    {"to": "+14155550101"},
    ["not an object"],
)


@pytest.fixture
def post(channel: ChannelConfiguration) -> Any:
    _, raw = issue_key(name="App", scopes=[Scope.SEND, Scope.READ])

    def send(body: Any, path: str = "/batch", **headers: str) -> Any:
        return Client().post(
            f"/api/v1/messages{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {raw}"} | headers,
        )

    return send


def test_mixed_batch_keeps_the_good_ones_in_order(post: Any) -> None:
    answer = post(
        {"messages": [GOOD, REFUSED[0], GOOD | {"to": "+14155550102", "reference": "r"}, REFUSED[1]]}
    )
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["refused"]) == (202, 2, 2)
    assert [(one["index"], one.get("state"), one.get("to")) for one in body["results"]] == [
        (0, "queued", "+14155550101"),
        (1, None, None),
        (2, "queued", "+14155550102"),
        (3, None, None),
    ]
    stored = Message.objects.get(id=body["results"][2]["id"])
    assert (stored.msisdn, stored.reference, stored.source) == ("+14155550102", "r", "api")
    assert [part.number for part in stored.parts.all()] == [1]
    assert [(event.after, event.actor) for event in stored.events.all()] == [("queued", "api")]


@pytest.mark.parametrize("item", REFUSED, ids=str)
def test_errors_are_those_of_a_single_message(post: Any, item: Any) -> None:
    single = post(item, path="").json()["error"]
    assert post({"messages": [GOOD, item]}).json()["results"][1] == {"index": 1, "error": single}


def test_accepted_item_answers_as_a_single_message_does(post: Any) -> None:
    single = post(GOOD, path="").json()
    result = post({"messages": [GOOD]}).json()["results"][0]
    assert result == single | {"index": 0, "id": result["id"]}


def test_batch_is_replayed_and_not_sent_twice(post: Any) -> None:
    first, second = (post({"messages": [GOOD, REFUSED[0]]}, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Message.objects.count() == 1


def test_same_key_with_another_batch_is_refused(post: Any) -> None:
    post({"messages": [GOOD]}, **{"Idempotency-Key": "k"})
    answer = post({"messages": [GOOD, GOOD]}, **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_conflict")
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [GOOD] * 1001}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "x"}, "messages"),
        ([GOOD], "messages"),
        ({"messages": [GOOD], "other": 1}, "other"),
    ],
    ids=["1001", "empty", "text", "list", "unknown field"],
)
def test_request_that_cannot_be_read_is_refused_as_a_whole(post: Any, body: Any, param: str) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert not Message.objects.exists()


def test_same_recipient_may_occur_often(post: Any) -> None:
    assert post({"messages": [GOOD] * 250}).json()["accepted"] == 250
    assert Message.objects.values("subject_id").distinct().count() == 1
    assert (MessagePart.objects.count(), MessageEvent.objects.count()) == (250, 250)


def test_batch_asks_no_more_of_the_database_for_more_messages(
    post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.brief.KEPT_SECONDS", 600.0)  # on a slow machine the second may pass in between
    monkeypatch.setattr(backlog, "check", lambda: None)  # it looks once a second
    post({"messages": [GOOD]})
    asked = []
    for amount in (10, 90):
        items = [
            GOOD | {"to": f"+1415555{amount:02d}{i:02d}", "text": "{{profile.a}}", "profile": {"a": "b"}}
            for i in range(amount)
        ]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert post({"messages": items}).json()["accepted"] == amount
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_one_wake_up_for_each_credential(
    post: Any, monkeypatch: pytest.MonkeyPatch, channel: ChannelConfiguration
) -> None:
    woken: list[Any] = []
    monkeypatch.setattr(bulk, "wake_on_commit", woken.append)
    post({"messages": [GOOD] * 20})
    assert woken == [channel.credential_id]
