"""Nothing inbound is lost: a real server under load while its database, or the server itself, is killed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.production import Gateway
from tests.services import Cluster, cluster

# One process takes them all: they share a server and its database.
pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(180), pytest.mark.xdist_group("outage")]
CALLERS = 12


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(scope="module")
def sent() -> Iterator[tuple[str, list[str]]]:
    """A provider on this machine: its address, and every body that reached it."""
    arrivals: list[str] = []

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrivals.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", arrivals
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def gateway(database: Cluster, sent: Any, tmp_path_factory: Any) -> Iterator[Gateway]:
    made = Gateway(database.url, tmp_path_factory.mktemp("data"), provider_url=sent[0], threads=CALLERS)
    made.set_up()
    made.start()
    yield made
    made.kill()


def number(index: int) -> str:
    return f"+1415{5_560_000 + index:07d}"


def call_all(tell: Callable[[int], int], count: int, *, at: int, then: Callable[[], None]) -> list[int]:
    """The answers of `count` calls by parallel callers; `then` runs once the call number `at` has its answer."""
    reached = threading.Event()

    def call(index: int) -> int:
        status = tell(index)
        if index == at:
            reached.set()
        return status

    with ThreadPoolExecutor(CALLERS + 1) as threads:
        trouble = threads.submit(lambda: reached.wait() and then())
        statuses = list(threads.map(call, range(count)))
        trouble.result()
    return statuses


def kept(gateway: Gateway, prefix: str) -> dict[str, int]:
    """How often each provider id is in the database, once the spool is empty."""
    deadline = time.monotonic() + 90
    while list((gateway.data_dir / "spool").glob("*.sealed")):
        assert time.monotonic() < deadline, "the spool was not read"
        time.sleep(0.2)
    rows = gateway.script(
        "import django, json; django.setup()\n"
        "from webhooks.models import InboundMessage\n"
        "ids = InboundMessage.objects.filter(provider_message_id__startswith=PREFIX)\n"
        "found = list(ids.values_list('provider_message_id', flat=True))\n"
        "print(json.dumps({one: found.count(one) for one in set(found)}))",
        PREFIX=prefix,
    )
    counts: dict[str, int] = json.loads(rows)
    return counts


def test_while_the_database_is_killed_every_call_is_taken_and_present_once(
    gateway: Gateway, database: Cluster
) -> None:
    def outage() -> None:
        database.stop()
        time.sleep(3)
        database.start()

    def tell(index: int) -> int:
        return gateway.tell("HELP" if index % 5 else "STOP", number(index % 200), f"db-{index}")

    statuses = call_all(tell, 1000, at=300, then=outage)
    assert set(statuses) == {200}  # by callers that never try again
    assert kept(gateway, "db-") == {f"db-{index}": 1 for index in range(1000)}


def test_when_the_server_is_killed_a_caller_that_tries_again_loses_nothing(gateway: Gateway) -> None:
    def trouble() -> None:
        gateway.kill()
        gateway.start()

    def tell(index: int) -> int:
        deadline = time.monotonic() + 40
        while (status := gateway.tell("HELP", number(index), f"web-{index}")) != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return status

    call_all(tell, 400, at=150, then=trouble)
    assert kept(gateway, "web-") == {f"web-{index}": 1 for index in range(400)}


DRAIN = (
    "import django, uuid, json; django.setup()\n"
    "from messaging import delivery\n"
    "from messaging.models import Message\n"
    "delivery.drain(uuid.UUID(CREDENTIAL))\n"
    "print(Message.objects.get(msisdn=NUMBER, source='api').state)"
)
QUEUE = (
    "import django; django.setup()\n"
    "from messaging.accept import accept, through_channel\n"
    "from messaging.models import ChannelConfiguration, Source\n"
    "channel = ChannelConfiguration.objects.get()\n"
    "accept(through_channel(channel, to=NUMBER, text='Hello', source=Source.API), wake=False)"
)


def test_a_stop_during_the_outage_comes_before_every_send_after_it(
    gateway: Gateway, database: Cluster, sent: Any
) -> None:
    person = number(9000)
    gateway.script(QUEUE, NUMBER=person)
    assert gateway.tell("hello", number(9001), "warm") == 200
    database.stop()
    assert gateway.tell("STOP", person, "outage-stop") == 200
    gateway.kill()  # nobody is there to read what it kept
    database.start()
    assert gateway.script(DRAIN, CREDENTIAL=gateway.credential, NUMBER=person).strip() == "queued"
    gateway.start()
    assert kept(gateway, "outage-stop") == {"outage-stop": 1}
    assert gateway.script(DRAIN, CREDENTIAL=gateway.credential, NUMBER=person).strip() == "suppressed"
    assert not [body for body in sent[1] if '"Hello"' in body]


def test_a_host_that_ends_in_order_keeps_no_sender_waiting(gateway: Gateway, sent: Any) -> None:
    person = number(9100)
    gateway.script(QUEUE, NUMBER=person)
    gateway.stop()
    time.sleep(3.5)
    assert gateway.script(DRAIN, CREDENTIAL=gateway.credential, NUMBER=person).strip() == "accepted"
    assert [body for body in sent[1] if '"Hello"' in body]
