from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.keys import issue_key
from access.models import Scope
from core.clock import now
from core.errors import QueueFull
from credentials.models import ApiCredential
from messaging import api, batch_api
from messaging.accept import accept, through_channel
from messaging.backlog import Backlog
from messaging.models import ChannelConfiguration, Message, Source

pytestmark = pytest.mark.django_db
GOOD = {"to": "+14155550101", "channel": "alerts", "text": "Hello"}


@pytest.fixture
def three_waiting(channel: ChannelConfiguration) -> None:
    for _ in range(3):
        accept(through_channel(channel, to="+14155550101", text="Hello", source=Source.API))


@pytest.mark.parametrize(("limit", "full"), [(2, True), (3, False), (4, False)])
def test_queue_is_full_above_the_limit(three_waiting: None, settings: Any, limit: int, full: bool) -> None:
    settings.SMSGATEWAY_QUEUE_LIMIT = limit
    if full:
        with pytest.raises(QueueFull, match="More than 2 messages"):
            Backlog().check()
    else:
        Backlog().check()


def test_what_waits_for_one_credential_or_channel_closes_the_door_for_nobody_else(
    three_waiting: None, channel: ChannelConfiguration, settings: Any
) -> None:
    settings.SMSGATEWAY_QUEUE_LIMIT = 2
    with pytest.raises(QueueFull):
        Backlog().check()
    ApiCredential.objects.update(paused_at=now())
    Backlog().check()
    ApiCredential.objects.update(paused_at=None)
    ChannelConfiguration.objects.update(status="draft")
    Backlog().check()


def test_messages_due_later_do_not_count(three_waiting: None, settings: Any) -> None:
    settings.SMSGATEWAY_QUEUE_LIMIT = 2
    one = Message.objects.first()
    assert one is not None
    Message.objects.filter(id=one.id).update(due_at=one.valid_until)
    Backlog().check()


def test_database_is_asked_once_for_many_requests(
    three_waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.backlog.time.monotonic", lambda: 100.0)
    backlog = Backlog()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            backlog.check()
    assert len([one for one in queries if "messaging_message" in one["sql"]]) == 1


@pytest.mark.parametrize(
    ("path", "body"), [("", GOOD), ("/batch", {"messages": [GOOD]})], ids=["one", "batch"]
)
def test_full_queue_answers_429_and_stores_nothing(
    three_waiting: None, settings: Any, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    settings.SMSGATEWAY_QUEUE_LIMIT = 2
    for module in (api, batch_api):
        monkeypatch.setattr(module, "backlog", Backlog())
    _, raw = issue_key(name="App", scopes=[Scope.SEND])
    headers = {"Authorization": f"Bearer {raw}", "Idempotency-Key": "k"}
    url = f"/api/v1/messages{path}"
    answer = Client().post(url, body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "queue_full")
    assert int(answer.headers["Retry-After"]) >= 1
    assert Message.objects.count() == 3
    settings.SMSGATEWAY_QUEUE_LIMIT = 3
    for module in (api, batch_api):
        monkeypatch.setattr(module, "backlog", Backlog())
    assert Client().post(url, body, content_type="application/json", headers=headers).status_code == 202
