from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.utils import timezone

from consent.models import ConsentEvent
from core.errors import PayloadUnreadable
from messaging import hosts
from messaging.models import WebHost
from tests.webhooks.conftest import PERSON, Post, inbound, path_of, replies
from webhooks import lookup
from webhooks.callback import Callback
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.services import delete_webhook
from webhooks.spool import certainty, entries, keeper
from webhooks.spool.entries import Entry
from webhooks.spool.outage import Outage, outage
from webhooks.spool.replaying import replay
from webhooks.spool.store import store
from webhooks.verification import VerificationSpec
from webhooks.verifying import remember, set_verification


def down() -> Any:
    """The database does not answer the look-up of a webhook, nor anything after it."""
    return patch("webhooks.views.find_webhook", side_effect=OperationalError("connection refused"))


@pytest.fixture
def known(webhook: Webhook, monkeypatch: Any) -> Webhook:
    """This host has told the senders of itself and knows its webhooks; an answer need not wait long."""
    monkeypatch.setattr(certainty, "CERTAIN_AFTER", 0.0)
    keeper.beat(store())
    lookup.learn()
    return webhook


def test_a_stop_during_an_outage_is_taken_and_acted_on_afterwards(post: Post, known: Webhook) -> None:
    with down(), outage_of_receiving():
        assert post(inbound("STOP")).status_code == 200
    assert not InboundRequest.objects.exists()
    came = timezone.now()
    assert replay() == 1
    assert replay() == 0
    request, event = InboundRequest.objects.get(), ConsentEvent.objects.get()
    assert (request.state, event.kind) == (RequestState.PROCESSED, "opt_out")
    assert event.occurred_at == request.received_at < came
    assert len(replies()) == 1


def outage_of_receiving() -> Any:
    return patch("webhooks.receiving.insert", side_effect=OperationalError("connection refused"))


def test_a_callback_that_reached_the_database_after_all_has_no_second_effect(
    post: Post, known: Webhook
) -> None:
    post(inbound("STOP"))
    request = InboundRequest.objects.get()
    entries.keep(Entry(request_id=request.pk, webhook_id=known.pk, callback=Callback(body=b"{}")))
    assert replay() == 1
    assert InboundRequest.objects.count() == ConsentEvent.objects.count() == 1


def test_replay_follows_the_order_of_arrival(known: Webhook) -> None:
    for number, text in enumerate(("STOP", "START", "hello")):
        moment = timezone.now() - timedelta(seconds=30 - number)
        body = json.dumps(inbound(text)).encode()
        callback = Callback(headers={"Content-Type": "application/json"}, body=body, received_at=moment)
        entries.keep(Entry(request_id=uuid.uuid4(), webhook_id=known.pk, callback=callback))
    assert replay() == 3
    texts = InboundMessage.objects.order_by("id").values_list("text", flat=True)
    assert list(texts) == ["STOP", "START", "hello"]


def test_while_the_database_fails_again_the_file_waits(post: Post, known: Webhook) -> None:
    with down():
        post(inbound("STOP"))
    with outage_of_receiving():
        assert replay() == 0
    assert replay() == 1
    assert ConsentEvent.objects.count() == 1


def test_what_fails_for_another_reason_is_left_to_the_leftovers(post: Post, known: Webhook) -> None:
    with down():
        post(inbound("STOP"))
    with patch("webhooks.acting.answering.accept", side_effect=ZeroDivisionError):
        assert replay() == 1
    assert InboundRequest.objects.get().state == RequestState.RECEIVED


def test_what_cannot_be_opened_is_set_aside_and_the_rest_goes_on(post: Post, known: Webhook) -> None:
    spool = store()
    damaged = spool.put(
        request_id=uuid.uuid4(), received_at=timezone.now() - timedelta(hours=1), data=b"damaged"
    )
    with down():
        post(inbound("STOP"))
    assert replay() == 1
    assert (spool.names(), spool.count_set_aside(), spool.has(damaged)) == ([], 1, False)
    keeper.beat(spool)
    assert WebHost.objects.get().set_aside == 1


def test_a_webhook_deleted_meanwhile_leaves_its_callback_for_staff(post: Post, known: Webhook) -> None:
    with down():
        post(inbound("STOP"))
    delete_webhook(webhook=known)
    assert replay() == 1
    request = InboundRequest.objects.get()
    assert (request.webhook, request.state) == (None, RequestState.QUARANTINED)
    assert "deleted" in request.reason


def test_during_an_outage_nobody_learns_whether_a_token_is_known(client: Any, known: Webhook) -> None:
    with down():
        assert client.post("/hooks/unknown/").status_code == 503


@pytest.mark.parametrize("fault", ["unknown host", "full", "uncertain"])
def test_what_the_spool_cannot_promise_is_a_503(
    post: Post, known: Webhook, settings: Any, monkeypatch: Any, fault: str
) -> None:
    if fault == "unknown host":
        store().forget_beat()
    elif fault == "full":
        settings.SMSGATEWAY_SPOOL_MAX_FILES = 0
    else:
        monkeypatch.setattr(certainty, "_GIVE_UP_AFTER", 0.0)
    with down():
        assert post(inbound("STOP")).status_code == 503


def test_a_forgery_is_refused_and_not_spooled(post: Post, known: Webhook) -> None:
    set_verification(webhook=known, spec=VerificationSpec(scheme="bearer"), secrets=["a secret"])
    lookup.learn()
    remember(lookup.learnt())
    with down():
        assert post(inbound("STOP")).status_code == 403
        assert not store().names()
        assert post(inbound("STOP"), headers={"authorization": "Bearer a secret"}).status_code == 200
    assert len(store().names()) == 1


def test_the_answer_waits_until_gates_are_certain_to_wait(
    post: Post, known: Webhook, monkeypatch: Any
) -> None:
    monkeypatch.setattr(certainty, "CERTAIN_AFTER", 0.4)
    keeper.beat(store())
    with down():
        assert post(inbound("STOP")).status_code == 200
    beat = store().last_beat()
    assert beat
    assert time.monotonic() - beat[1] >= 0.4


def test_a_beat_that_counted_the_callback_is_certainty_too(known: Webhook, monkeypatch: Any) -> None:
    """The database is back and the row says that callbacks wait: gates do, whenever they are replayed."""
    spool = store()
    monkeypatch.setattr(certainty, "CERTAIN_AFTER", 100.0)
    monkeypatch.setattr(certainty, "_START_AFTER_GATE", 0.2)
    monkeypatch.setattr(certainty, "_GIVE_UP_AFTER", 0.6)
    name = spool.put(request_id=uuid.uuid4(), received_at=timezone.now(), data=b"x")
    keeper.beat(spool)
    assert not certainty.is_certain(spool, name)  # counted before it was asked: perhaps not this one

    def go_on_beating() -> None:
        for _ in range(20):
            spool.note_beat(time.monotonic())
            time.sleep(0.05)

    beats = threading.Thread(target=go_on_beating)
    beats.start()
    assert certainty.is_certain(spool, name)
    beats.join()


def test_a_report_need_not_wait(post: Post, known: Webhook, monkeypatch: Any) -> None:
    monkeypatch.setattr(certainty, "_GIVE_UP_AFTER", 0.0)
    with down():
        body = {"type": "delivery_report", "messageId": "p1", "status": "DELIVERED", "to": PERSON}
        assert post(body).status_code == 200
    assert len(store().names()) == 1


def test_a_callback_whose_processing_lost_the_database_goes_to_the_spool(post: Post, known: Webhook) -> None:
    with (
        patch("webhooks.receiving._process", side_effect=OperationalError("server closed the connection")),
        patch("webhooks.receiving._keep_unprocessed", side_effect=OperationalError("connection refused")),
    ):
        assert post(inbound("STOP")).status_code == 200
    assert outage.is_on()
    assert replay() == 1
    assert ConsentEvent.objects.count() == 1


def test_what_is_unreadable_is_spooled_too_and_quarantined_later(post: Post, known: Webhook) -> None:
    with down():
        assert post("{nonsense").status_code == 200
        assert post("[" * 65 + "]" * 65).status_code == 400
    replay()
    assert InboundRequest.objects.get().state == RequestState.QUARANTINED
    assert PayloadUnreadable.code


def test_an_outage_ends_with_the_keepers_beat_or_by_itself() -> None:
    state = Outage()
    state.begin()
    assert state.is_on()
    state.end()
    assert not state.is_on()
    with patch("webhooks.spool.outage.time.monotonic", return_value=1000.0):
        state.begin()
        state.beat_begins()
    with patch("webhooks.spool.outage.time.monotonic", return_value=1004.0):
        assert not state.is_on()
    with patch("webhooks.spool.outage.time.monotonic", return_value=1006.0):
        assert state.is_on()  # the beat hangs
        state.beat_ends()
        assert not state.is_on()


def test_the_keeper_makes_the_host_known_reads_the_spool_and_takes_leave(
    post: Post, webhook: Webhook
) -> None:
    with patch.object(keeper, "close_old_connections"):
        mine = keeper.Keeper(store(), outage)
        mine.round()
        assert lookup.known_webhook(path_of(webhook).split("/")[2]) == webhook
        with patch("webhooks.spool.certainty.CERTAIN_AFTER", 0.0), down():
            post(inbound("STOP"))
        assert outage.is_on()
        mine.round()
    assert not outage.is_on()
    assert ConsentEvent.objects.count() == 1
    assert hosts.known_hosts()[0].spooled == 0
    with patch.object(mine, "_thread"), patch.object(keeper, "connection"):
        mine.stop()
    assert not hosts.known_hosts()
    assert store().last_beat() is None
