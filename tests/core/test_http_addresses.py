"""Every way to write or to name a place inside: refused when saved, and when connected to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from pytest_django import Settings

from core.addresses import check_url
from core.errors import AddressRefused, ConnectionFailed
from core.http import GuardedSession, exchange, probe
from tests.core.loopback import Loopback, answer
from tests.core.resolver import Resolver
from tests.core.test_addresses import METADATA, REFUSED

ADDRESSES = list(dict.fromkeys(f"{REFUSED} {METADATA}".split()))
NAMED = [address for address in ADDRESSES if "%" not in address]  # no record holds a zone
PUBLIC = "198.41.0.4"
# Hosts that mean 127.0.0.1, ::1 or a metadata service, as only a program would read them.
WRITTEN = """
2130706433 0x7f000001 0X7F000001 017700000001 0x7f.0.0.1 0177.0.0.1 0177.0x0.0.1 127.1 127.0.1 0 0x0 0.0
127.0.0.1. 127.1. 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 169.16689662 169.254.169.254.
１２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 127｡0｡0｡1 １６９。２５４。１６９。２５４ ｌｏｃａｌｈｏｓｔ
ⓛocalhost localhost localhost. LOCALHOST app.localhost ip6-localhost ip6-loopback
metadata metadata.google.internal METADATA.google.internal. metadata.goog instance-data
[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:FFFF:7F00:0001] [::127.0.0.1]
[::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [fe80::1%25lo] [fe80::1%lo]
[fd00:ec2::254] [::ffff:169.254.169.254] [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::]
"""
URLS = [
    "http://{place}",
    "https://{place}/a?b",
    "HTTP://{place}/",
    "http://user@{place}/",
    "http://user:word@{place}/",
    "http://good.example@{place}/",
    "http://good.example%2f@{place}/",
    "http://good.example\\@{place}/",
    "http://good.example#@{place}\t/",
    "http://{place}#@good.example/",
    "http://{place}?@good.example/",
    "http://{place}/@good.example/",
    "http://{place}\\good.example/",
    "http://{place}\n.good.example/",
    " http://{place}/",
    "//{place}/",
    "{place}",
    "http:{place}",
    "http:/{place}/",
    "http:///{place}/",
    *(
        f"{scheme}://{{place}}/"
        for scheme in ("ftp", "gopher", "dict", "ldap", "unix", "file", "data", "jar", "ws", "httpx")
    ),
    "file:///etc/passwd",
    "data:text/plain,x",
    "unix:/run/redis.sock",
]


@pytest.fixture
def inside(settings: Settings) -> Iterator[Loopback]:
    """A service of ours that no URL may reach: not listed."""
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({"127.0.0.1:1"})

    def serve(connection: socket.socket) -> None:
        while made.read_request(connection):
            connection.sendall(answer())

    with Loopback(serve) as made:
        yield made
        assert made.connections == 0


def send(url: str) -> int:
    prepared = requests.Request("POST", "http://good.example/", data=b"x").prepare()
    prepared.url = url
    with GuardedSession() as session:
        return exchange(session, prepared, connect=2.0).status


def refused_everywhere(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, private_hosts=frozenset())
    for attempt in (send, probe):
        with pytest.raises(AddressRefused):
            attempt(url)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_inside_is_refused_when_written(address: str, inside: Loopback) -> None:
    host = f"[{address}]" if ":" in address else address
    refused_everywhere(f"http://{host}:{inside.port}/")


@pytest.mark.parametrize("host", WRITTEN.split())
def test_every_way_to_write_it_is_refused(host: str, inside: Loopback) -> None:
    refused_everywhere(f"http://{host}:{inside.port}/")
    refused_everywhere(f"http://{host}/")


@pytest.mark.parametrize("form", URLS, ids=repr)
def test_every_kind_of_url_around_it_is_refused(form: str, inside: Loopback) -> None:
    refused_everywhere(form.format(place=inside.place))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with ExitStack() as stack:

        def make(**zone: list[list[str]]) -> Resolver:
            made = stack.enter_context(Resolver(**zone))
            monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
            return made

        yield make


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses beyond this machine that something wanted to connect to; none answers."""
    wanted: list[str] = []
    real = socket.socket.connect

    def connect(sock: socket.socket, place: Any) -> None:
        if not place[0].startswith("127."):
            wanted.append(place[0])
            raise ConnectionRefusedError(111, "Connection refused")
        real(sock, place)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return wanted


@pytest.mark.parametrize("address", NAMED)
def test_a_name_that_leads_inside_is_refused(
    address: str, inside: Loopback, names: Any, outside: list[str]
) -> None:
    made = names(
        evil_example=[[address]], alias_example=[["evil.example"]], mixed_example=[[PUBLIC, address]]
    )
    for name in ("evil.example", "EVIL.example", "evil.example.", "alias.example", "mixed.example"):
        with pytest.raises(AddressRefused):
            send(f"http://{name}:{inside.port}/")
    assert ("alias.example", 1) in made.asked
    assert outside == []


@pytest.mark.parametrize(
    "zone",
    [
        {"evil_example": [["127.0.0.1", PUBLIC]]},
        {"evil_example": [[PUBLIC, "127.0.0.1"]]},
        {"evil_example": [[PUBLIC, "::1"]]},
        {"evil_example": [["2001:4860:4860::8888", "127.0.0.1"]]},
        {"evil_example": [["a.example"]], "a_example": [["b.example"]], "b_example": [[PUBLIC, "10.0.0.1"]]},
    ],
    ids=str,
)
def test_one_answer_inside_among_public_ones_refuses_the_name(
    zone: dict[str, list[list[str]]], inside: Loopback, names: Any, outside: list[str]
) -> None:
    names(**zone)
    for attempt in (send, probe):
        with pytest.raises(AddressRefused):
            attempt(f"http://evil.example:{inside.port}/")
    assert outside == []


def test_a_name_that_turns_inside_between_check_and_use_gains_nothing(
    inside: Loopback, names: Any, outside: list[str]
) -> None:
    made = names(evil_example=[[PUBLIC], ["127.0.0.1"]])
    with pytest.raises(ConnectionFailed):
        send(f"http://evil.example:{inside.port}/")
    assert made.asked == [("evil.example", 1), ("evil.example", 28)]
    with pytest.raises(AddressRefused):
        send(f"http://evil.example:{inside.port}/")
    assert outside == [PUBLIC]


def test_a_listed_name_is_looked_up_once_and_reached_where_it_was_checked(
    names: Any, settings: Settings, outside: list[str]
) -> None:
    def serve(connection: socket.socket) -> None:
        while made.read_request(connection):
            connection.sendall(answer())

    with Loopback(serve) as made:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"provider.example:{made.port}"})
        resolver = names(provider_example=[["127.0.0.1"], ["169.254.169.254"]])
        assert send(f"http://provider.example:{made.port}/") == 200
        assert len(resolver.asked) == 2
        with pytest.raises(AddressRefused, match="metadata"):
            send(f"http://provider.example:{made.port}/")
    assert outside == []
