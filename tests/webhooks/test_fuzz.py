"""50,000 hostile calls of every content type through the real view: no 5xx, no hang, no growth.

Realistic callbacks are changed in the ways that break parsers; seeded, so that a failure comes back. The database is
the real one; what a batch wrote is rolled back.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from core.wsgi import application as make_application
from tests.webhooks.conftest import PERSON, SENDER, inbound, path_of
from webhooks.models import InboundMessage, Webhook

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(400)]
CASES = 50_000
PARTS = 8
BATCH = 250
MOST_SECONDS = 1.0
MOST_GROWTH = 50 * 1024 * 1024
WARM_UP = 1500

MESSAGE = {"type": "inbound_message", "id": "m-1", "from": PERSON, "to": SENDER, "text": "Héllo, STOP 😀"}
REPORT = {
    "type": "delivery_report",
    "messageId": "p1",
    "clientReference": "x",
    "to": PERSON,
    "status": "DELIVERED",
}
XML = f'<?xml version="1.0"?><sms><from>{PERSON}</from><to>{SENDER}</to><text>Hello &amp; bye</text></sms>'
MULTIPART = "--b\r\n" + "\r\n--b\r\n".join(
    f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in MESSAGE.items()
) + "\r\n--b--\r\n"  # fmt: skip
SEEDS: list[tuple[str, bytes]] = [
    ("application/json", json.dumps(MESSAGE).encode()),
    ("application/json; charset=utf-8", json.dumps([MESSAGE, REPORT], ensure_ascii=False).encode()),
    ("application/json", json.dumps({"results": [inbound("STOP"), inbound("HELP"), REPORT]}).encode()),
    ("application/json", json.dumps(REPORT).encode()),
    ("application/x-www-form-urlencoded", urlencode(MESSAGE).encode()),
    ("application/x-www-form-urlencoded; charset=iso-8859-1", urlencode(REPORT).encode()),
    ("multipart/form-data; boundary=b", MULTIPART.encode()),
    ("text/xml", XML.encode()),
    ("application/xml; charset=utf-16", XML.encode("utf-16")),
    ("text/plain", b"from=1&text=STOP"),
    ("", b""),
    ("application/octet-stream", bytes(range(256))),
]
NASTY = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000", b"%00", b"%ff", b"%", b"1e999", b"-0", b"NaN",
    b"9" * 5000, b"[" * 70, b"{\"a\":" * 70, b"]" * 70, b"&a=" * 210, b"\"", b"\\", b"null", b"{}", b"[]", b"\r\n",
    b"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>", b"&b;", b"<a>" * 70, b"<![CDATA[", b"--b--",
    "١٢٣".encode(), "‮".encode(), "﷽".encode() * 30, b"'; DROP TABLE x;--", b"{{message}}", b"{% for %}",
    b"+14155550123" * 40, b"STOP", b"x" * 20_000,
]  # fmt: skip
TYPES = [seed[0] for seed in SEEDS] + [
    "application/json; charset=utf-7", "application/json; charset=rot13", "text/html; charset=idna",
    "application/json; charset=base64", "multipart/form-data", "multipart/form-data; boundary=\xff", "x" * 500,
    "application/x-www-form-urlencoded; charset=utf-16", "application/json;charset=zip", "APPLICATION/JSON",
]  # fmt: skip


def flip(body: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        body[chance.randrange(len(body))] = chance.randrange(256)


def cut(body: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(body))
    del body[start : start + chance.randint(1, 40)]


def repeat(body: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(body))
    body[start:start] = body[start : start + chance.randint(1, 60)] * chance.randint(1, 30)


def plant(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body) + 1)
    body[place:place] = chance.choice(NASTY)


def end(body: bytearray, chance: random.Random) -> None:
    del body[chance.randrange(len(body)) :]


def scramble(body: bytearray, chance: random.Random) -> None:
    body[:] = chance.randbytes(chance.randint(1, 300))


WAYS: list[Callable[[bytearray, random.Random], None]] = [flip, cut, repeat, plant, plant, end, scramble]


def changed(seed: bytes, chance: random.Random) -> bytes:
    body = bytearray(seed)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        if not body:
            break
        chance.choice(WAYS)(body, chance)
    return bytes(body)


def case(chance: random.Random, path: str) -> dict[str, object]:
    """A WSGI environment as no client should send it."""
    content_type, seed = chance.choice(SEEDS)
    if chance.random() < 0.15:
        content_type = chance.choice(TYPES)
    body = changed(seed, chance)
    coding = chance.choice(("", "", "", "", "", "", "gzip", "deflate", "br"))
    if coding in ("gzip", "deflate") and chance.random() < 0.8:
        body = gzip.compress(body, 1) if coding == "gzip" else zlib.compress(body, 1)
        body = changed(body, chance) if chance.random() < 0.3 else body
    query = changed(urlencode(MESSAGE).encode(), chance).decode("latin-1") if chance.random() < 0.2 else ""
    environ: dict[str, object] = {
        "REQUEST_METHOD": "GET" if query and chance.random() < 0.5 else "POST",
        "PATH_INFO": path + chance.choice(("", "", "", "sent/", "delivered")),
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body))
        if chance.random() < 0.95
        else chance.choice(("", "x", "-1", "99", "0")),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "https",
        "wsgi.input_terminated": chance.random() < 0.5,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_CONTENT_ENCODING": coding,
        "HTTP_X_SIGNATURE": chance.choice(("", "\xff\xfe", "a" * 3000, "t=1,v1=zz")),
        "HTTP_HOST": chance.choice(("localhost", "", "evil.example:99999", "\xff")),
    }
    return environ


@pytest.fixture
def application() -> Callable[..., object]:
    """The whole handler; connections stay open between calls, as in the test client."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield make_application()
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("part", range(PARTS))
def test_hostile_calls_break_nothing(webhook: Webhook, application: Callable[..., object], part: int) -> None:
    chance = random.Random(20_261_125 + part)
    path = path_of(webhook)
    statuses: Counter[str] = Counter()
    slowest, taken, size = 0.0, 0, 0

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        statuses[status[:3]] += 1
        assert status < "500", environ

    for first in range(0, CASES // PARTS, BATCH):
        with transaction.atomic():
            for _ in range(BATCH):
                environ = case(chance, path)
                began = time.thread_time()
                b"".join(application(environ, start))  # type: ignore[call-overload]
                slowest = max(slowest, time.thread_time() - began)
            taken += InboundMessage.objects.count()
            transaction.set_rollback(True)
        if first == WARM_UP:
            size = resident()
    assert slowest < MOST_SECONDS
    assert resident() - size < MOST_GROWTH
    assert statuses["200"] > BATCH, statuses
    assert statuses["400"] > 10, statuses
    assert taken > 100  # the cases are near enough to the real thing that some are messages
