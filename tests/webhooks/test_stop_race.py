"""STOP against senders: no request to a number may start after its STOP was answered.

Real HTTP both ways: STOPs go to the view behind a server on this machine, messages to a provider that notes the moment
each request reaches it. CI races 1,000 opt-outs on each database.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max
from waitress.server import create_server

from consent import ledger
from core.clock import database_now, now
from core.vocabulary import Purpose
from core.wsgi import application
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging import attempting, claiming, delivery, gate, taking
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Source
from messaging.states import State
from tests.webhooks.conftest import PERSON, Post, inbound, path_of, queue
from webhooks.models import Webhook
from webhooks.services import create_webhook

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
OPT_OUTS = 1000
BYSTANDERS = 200
ROUND = 100  # opt-outs that race with one drain
SENDER = "+15005550006"


def number(index: int) -> str:
    return f"+1415{5_550_000 + index:07d}"


class Provider(BaseHTTPRequestHandler):
    """Notes when the first "Hello" to each number arrived, and takes its time."""

    protocol_version = "HTTP/1.1"
    started: dict[str, float]

    def do_POST(self) -> None:
        moment = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["content"] == "Hello":
            self.started.setdefault(body["to"], moment)
        time.sleep(random.random() * 0.02)
        answer = b'{"messageId": "x"}'
        self.send_response(202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def provider(settings: Any) -> Iterator[tuple[str, dict[str, float]]]:
    started: dict[str, float] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Noting", (Provider,), {"started": started}))
    server.daemon_threads = True
    place = f"127.0.0.1:{server.server_port}"
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({place})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{place}/", started
    server.shutdown()
    server.server_close()


@contextmanager
def served() -> Iterator[int]:
    """The gateway behind its own web server, on the test's database; gives the port."""
    server: Any = create_server(application(), host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        _close_in_every_thread(server)
        server.task_dispatcher.shutdown()
        thread.join(5)


def _close_in_every_thread(server: Any) -> None:
    """The test's database cannot go while a server thread holds a connection to it."""

    class Close:
        def __init__(self, together: threading.Barrier) -> None:
            self._together = together

        def service(self) -> None:
            connection.close()
            self._together.wait(5)

        def cancel(self) -> None:
            self._together.abort()

    together = threading.Barrier(7)
    for _ in range(6):
        server.task_dispatcher.add_task(Close(together))
    together.wait(10)


class Race:
    """How far senders and STOPs are: whichever is faster on this machine waits for the other."""

    def __init__(self) -> None:
        self.passed = 0  # messages let through by the gate, the confirmations of STOPs apart: those overtake
        self.answered: dict[str, float] = {}  # when the STOP of each number was

    def take(self, take: Callable[..., Any], **values: Any) -> Any:
        self._wait(lambda: self.passed > len(self.answered) + ROUND // 4)
        taken = take(**values)
        self.passed += sum(one.message.source == Source.API for one in taken.passed)
        return taken

    def wait_for_senders(self) -> None:
        self._wait(lambda: len(self.answered) > 2 * self.passed + ROUND // 4)

    def _wait(self, is_ahead: Callable[[], bool]) -> None:
        until = time.monotonic() + 1
        while is_ahead() and len(self.answered) < OPT_OUTS and time.monotonic() < until:
            time.sleep(0.002)


@pytest.fixture
def race(monkeypatch: Any, settings: Any) -> Race:
    """A few threads that get the processor late: up to 60 ms between the gate and the first byte."""
    race = Race()
    settings.SMSGATEWAY_SENDER_THREADS = 16
    monkeypatch.setattr(taking, "take", partial(race.take, taking.take))

    def attempt(client: Any, passed: Any) -> Any:
        time.sleep(random.random() * 0.06)
        return attempting.attempt(client, passed)

    monkeypatch.setattr(delivery, "attempt", attempt)
    return race


def test_no_request_starts_after_the_stop_was_answered(
    provider: tuple[str, dict[str, float]], race: Race
) -> None:
    address, started = provider
    credential = ApiCredential.objects.create(
        name="P", provider_url=address, api_token="token-1234", payload=VENDORS["custom"].payload
    )
    webhook = create_webhook(credential=credential, name="W", brand="B")
    channel = ChannelConfiguration.objects.create(
        name="c", credential=credential, sender=SENDER, purpose=Purpose.TRANSACTIONAL,
        status=ChannelStatus.ACTIVE,
    )  # fmt: skip
    for index in range(OPT_OUTS + BYSTANDERS):
        accept(through_channel(channel, to=number(index), text="Hello", source=Source.API), wake=False)
    answered = race.answered

    def stop(index: int) -> None:
        race.wait_for_senders()
        _stop(port, webhook, number(index), answered)

    with served() as port:
        sending = threading.Event()
        sender = threading.Thread(target=_drain_until, args=(credential.id, sending))
        sender.start()
        with ThreadPoolExecutor(6) as threads:
            # The queue is drained in order, so the STOPs chase the senders through it.
            list(threads.map(stop, _shuffled(OPT_OUTS)))
        sending.set()
        sender.join()
    late = {who: started[who] - answered[who] for who in answered if started.get(who, 0) > answered[who]}
    assert late == {}
    assert len(answered) == OPT_OUTS
    states = Message.objects.filter(source=Source.API)
    stopped = [number(index) for index in range(OPT_OUTS)]
    suppressed = states.filter(msisdn__in=stopped, state=State.SUPPRESSED).count()
    assert 50 < suppressed < OPT_OUTS, "the race was none: all or nothing was sent"
    assert suppressed + states.filter(msisdn__in=stopped, state=State.ACCEPTED).count() == OPT_OUTS
    assert not states.exclude(msisdn__in=stopped).exclude(state=State.ACCEPTED).exists()
    assert Message.objects.filter(source=Source.REPLY).count() == OPT_OUTS


def _shuffled(count: int) -> list[int]:
    """Roughly in the order of the queue, so that STOPs come before, while and after their message goes out."""
    order = list(range(count))
    for start in range(0, count, ROUND):
        part = order[start : start + ROUND]
        random.shuffle(part)
        order[start : start + ROUND] = part
    return order


def _stop(port: int, webhook: Webhook, who: str, answered: dict[str, float]) -> None:
    body = json.dumps(inbound("STOP", id=f"i-{who}", to=SENDER, **{"from": who}))
    link = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request("POST", path_of(webhook), body, {"Content-Type": "application/json"})
        assert link.getresponse().status == 200
        answered[who] = time.monotonic()
    finally:
        link.close()


def _drain_until(credential_id: Any, done: threading.Event) -> None:
    while not done.is_set():
        delivery.drain(credential_id)
        time.sleep(0.01)
    delivery.drain(credential_id)
    connection.close()


def _again_later(message: Message) -> None:
    """As after a temporary failure: due once more in a while."""
    Message.objects.filter(pk=message.pk).update(tries=1, due_at=database_now() + timedelta(minutes=2))


def _scheduled(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(due_at=database_now() + timedelta(hours=3))


def _quiet_hours(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(
        due_at=database_now() + timedelta(hours=10), valid_until=now() + timedelta(days=1)
    )


def _claimed(message: Message) -> None:
    claiming.claim(credential_id=message.credential_id, limit=20)


def _given_back(message: Message) -> None:
    claim = claiming.claim(credential_id=message.credential_id, limit=20)
    claiming.give_back(claim.token, claim.message_ids)


@pytest.mark.parametrize("wait", [_again_later, _scheduled, _quiet_hours, _claimed, _given_back])
def test_a_message_that_waits_in_any_way_is_suppressed(
    post: Post, channel: ChannelConfiguration, wait: Callable[[Message], None]
) -> None:
    message = queue(channel)
    wait(message)
    post(inbound("STOP"))
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.SUPPRESSED, "opted_out")
    assert message.lease_token is None


def test_a_claimed_message_does_not_pass_the_gate_any_more(post: Post, channel: ChannelConfiguration) -> None:
    message = queue(channel, purpose=Purpose.TRANSACTIONAL)
    claim = claiming.claim(credential_id=message.credential_id, limit=20)
    post(inbound("STOP"))
    assert gate.pass_gate(claim) == []


def test_what_is_accepted_after_the_stop_is_stopped_at_the_gate(
    post: Post, channel: ChannelConfiguration
) -> None:
    post(inbound("STOP"))
    message = queue(channel, purpose=Purpose.TRANSACTIONAL)
    claim = claiming.claim_one(message.pk)
    assert gate.pass_gate(claim) == []
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED


def test_messages_queued_while_the_stop_comes_are_all_suppressed(
    post: Post, channel: ChannelConfiguration
) -> None:
    """As a bulk import or campaign does it: many rows to one number, some before and some after the STOP."""
    posted = threading.Event()

    def stop() -> None:
        try:
            post(inbound("STOP"))
        finally:
            posted.set()
            connection.close()

    thread = threading.Thread(target=stop)
    for index in range(300):
        queue(channel, purpose=Purpose.TRANSACTIONAL)
        if index == 100:
            thread.start()
    thread.join()
    subject_id = ledger.subjects_for([PERSON])[PERSON]
    while ids := list(
        Message.objects.filter(source=Source.API, state=State.QUEUED).values_list("pk", flat=True)[:50]
    ):
        assert [gate.pass_gate(claiming.claim_one(pk)) for pk in ids] == [[]] * len(ids)
    waiting = Message.objects.filter(subject_id=subject_id, source=Source.API)
    assert set(waiting.values_list("state", flat=True)) == {State.SUPPRESSED}
    assert waiting.aggregate(most=Max("tries"))["most"] == 0
