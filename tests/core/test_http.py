from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
import responses
from pytest_django import Settings

import core.http.connection as connection_module
from core.errors import (
    AddressRefused,
    AnswerLost,
    AnswerTooLarge,
    ConfigurationInvalid,
    ConnectionFailed,
    GatewayError,
)
from core.http import Answer, GuardedSession, exchange
from tests.core.loopback import Loopback, answer, reset

Start = Callable[..., Loopback]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    with ExitStack() as stack:

        def make(*replies: Any) -> Loopback:
            server = Loopback(*[_script(lambda: server, reply) for reply in replies])
            settings.SMSGATEWAY_PRIVATE_HOSTS |= {server.place}
            return stack.enter_context(server)

        yield make


def _script(server: Callable[[], Loopback], reply: Any) -> Callable[[socket.socket], None]:
    if callable(reply):
        return lambda connection: reply(server(), connection)

    def serve(connection: socket.socket) -> None:
        while server().read_request(connection):
            connection.sendall(reply)

    return serve


@pytest.fixture
def session() -> Iterator[GuardedSession]:
    with GuardedSession() as made:
        yield made


def post(session: requests.Session, url: str, **options: Any) -> Answer:
    limits = {name: options.pop(name) for name in ("connect", "total", "max_body") if name in options}
    options.setdefault("data", b"hello")
    return exchange(session, requests.Request("POST", url, **options).prepare(), **limits)


def test_sends_one_request_and_reads_the_answer(start: Start, session: GuardedSession) -> None:
    server = start(answer("202 Accepted", b'{"id": "1"}', "X-Id: 7", "x-two: a", "x-two: b"))

    found = post(session, server.url("/v1/messages?x=%C3%A9"), headers={"X-Key": "k"}, data='{"to": "é"}')

    assert (found.status, found.body) == (202, b'{"id": "1"}')
    assert (found.headers["x-id"], found.headers["X-Two"]) == ("7", "a, b")
    assert 0 <= found.elapsed_ms < 5000
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.split("\r\n")[:2] == ["POST /v1/messages?x=%C3%A9 HTTP/1.1", f"Host: {server.place}"]
    assert {"X-Key: k", "Content-Length: 12", "Accept-Encoding: identity"} <= set(head.split("\r\n"))
    assert body == '{"to": "é"}'


def test_who_may_not_go_leaves_the_new_connection_to_the_next(start: Start, session: GuardedSession) -> None:
    """Under a rate limit a turn is missed while the first connection is made; the next one is in time."""
    server = start(answer())
    prepared = requests.Request("POST", server.url(), data=b"hello").prepare()

    def not_now() -> None:
        raise RuntimeError("its turn is over")

    with pytest.raises(RuntimeError):
        exchange(session, prepared, before_send=not_now)
    assert exchange(session, prepared).status == 200
    assert (server.connections, len(server.requests)) == (1, 1)


def test_a_kind_of_address_this_machine_has_not_is_passed_over(
    start: Start, session: GuardedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(answer())

    def none(*_: Any) -> socket.socket:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(connection_module.socket, "socket", none)
    with pytest.raises(ConnectionFailed, match="address family not supported"):
        post(session, server.url())


def test_framing_headers_are_ours(start: Start, session: GuardedSession) -> None:
    server = start(answer())
    wrong = {"Host": "other", "Content-Length": "99", "Transfer-Encoding": "chunked", "Connection": "close"}
    prepared = requests.Request("POST", server.url(), data=b"abc").prepare()
    prepared.headers.update(wrong)

    exchange(session, prepared)

    sent = server.requests[0].decode()
    assert sent.endswith("\r\n\r\nabc")
    assert sent.lower().count("content-length") == sent.lower().count("host:") == 1
    assert "other" not in sent
    assert "chunked" not in sent


def test_signed_requests_go_out_as_they_were_signed(start: Start, session: GuardedSession) -> None:
    server = start(answer())
    prepared = requests.Request("POST", server.url(), json={"a": 1}, auth=("name", "word")).prepare()

    exchange(session, prepared)

    assert b"Authorization: Basic bmFtZTp3b3Jk\r\n" in server.requests[0]
    assert server.requests[0].endswith(b'{"a": 1}')


def test_keeps_the_connection_for_the_next_request(start: Start, session: GuardedSession) -> None:
    server = start(answer())

    for _ in range(3):
        post(session, server.url())

    assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize(
    "reply",
    [
        answer("200 OK", b"{}", "Connection: close"),
        lambda server, connection: (
            server.read_request(connection),
            connection.sendall(answer()),
            connection.close(),
        ),
        lambda server, connection: (
            server.read_request(connection),
            connection.sendall(answer()),
            reset(connection),
        ),
    ],
    ids=["close header", "closed", "reset"],
)
def test_a_connection_the_provider_closed_is_not_used_again(
    reply: Any, start: Start, session: GuardedSession
) -> None:
    server = start(reply)

    for _ in range(3):
        assert post(session, server.url()).status == 200
        time.sleep(0.05)

    assert server.connections == 3


def test_a_connection_idle_for_long_is_not_used_again(
    start: Start, session: GuardedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(answer())
    post(session, server.url())
    monkeypatch.setattr(connection_module, "MAX_IDLE", 0.0)
    time.sleep(0.01)

    post(session, server.url())

    assert server.connections == 2


def test_refused_connection_is_safe_to_retry(session: GuardedSession, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        place = f"127.0.0.1:{closed.getsockname()[1]}"
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({place})

    with pytest.raises(ConnectionFailed, match="refused"):
        post(session, f"http://{place}/")


def test_connect_timeout_is_safe_to_retry(session: GuardedSession, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        place = f"127.0.0.1:{full.getsockname()[1]}"
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({place})
        for _ in range(4):  # fill the backlog: further ones get no answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        started = time.monotonic()

        with pytest.raises(ConnectionFailed, match="in time"):
            post(session, f"http://{place}/", connect=0.3)

    assert time.monotonic() - started < 5


def drip(pieces: bytes, pause: float) -> Callable[[Loopback, socket.socket], None]:
    def serve(server: Loopback, connection: socket.socket) -> None:
        server.read_request(connection)
        for byte in pieces:
            connection.sendall(bytes([byte]))
            if server.wait(pause):
                return

    return serve


@pytest.mark.parametrize(
    "reply",
    [
        lambda server, connection: server.wait(10),
        lambda server, connection: (server.read_request(connection), server.wait(10)),
        drip(answer("200 OK", b"x" * 500), 0.05),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 499, 0.05),
        lambda server, connection: (
            server.read_request(connection),
            [
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                for _ in range(400)
                if not server.wait(0.01)
            ],
        ),
    ],
    ids=["reads nothing", "never answers", "drips headers", "drips body", "continues for ever"],
)
def test_the_whole_exchange_ends_in_time(reply: Any, start: Start, session: GuardedSession) -> None:
    server = start(reply)
    started = time.monotonic()

    with pytest.raises(AnswerLost, match="in time"):
        post(session, server.url(), total=0.6)

    assert 0.5 < time.monotonic() - started < 5


def test_a_provider_that_stops_reading_ends_in_time(start: Start, session: GuardedSession) -> None:
    server = start(lambda server, connection: server.wait(10))
    started = time.monotonic()

    with pytest.raises(AnswerLost):
        post(session, server.url(), data=b"x" * 30_000_000, total=0.6)

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "reply",
    [
        lambda server, connection: (server.read_request(connection), reset(connection)),
        lambda server, connection: (server.read_request(connection), connection.close()),
        lambda server, connection: (
            server.read_request(connection),
            connection.sendall(b"HTTP/1.1 202 Acc"),
            reset(connection),
        ),
        lambda server, connection: (
            server.read_request(connection),
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
            connection.close(),
        ),
        lambda server, connection: (
            server.read_request(connection),
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
            connection.close(),
        ),
        b"this is not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        answer("200 OK", b"not gzip", "Content-Encoding: gzip"),
    ],
    ids=[
        "reset",
        "closed",
        "reset in the status line",
        "body cut short",
        "chunk cut short",
        "not http",
        "bad chunk",
        "too many headers",
        "endless header",
        "broken gzip",
    ],
)
def test_after_the_first_byte_a_fault_means_the_outcome_is_unknown(
    reply: Any, start: Start, session: GuardedSession
) -> None:
    server = start(reply)

    with pytest.raises(AnswerLost):
        post(session, server.url())

    assert len(server.requests) == 1


def test_a_fault_does_not_spoil_the_next_exchange(start: Start, session: GuardedSession) -> None:
    server = start(lambda server, connection: (server.read_request(connection), reset(connection)), answer())

    with pytest.raises(AnswerLost):
        post(session, server.url())

    assert post(session, server.url()).status == 200


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (answer("204 No Content", b""), b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + answer(body=b"end"),
            b"end",
        ),
        (answer("200 OK", gzip.compress(b"packed"), "Content-Encoding: gzip"), b"packed"),
        (answer("200 OK", zlib.compress(b"packed"), "Content-Encoding: deflate"), b"packed"),
        (answer("200 OK", zlib.compress(b"packed")[2:-4], "Content-Encoding: deflate"), b"packed"),
        (answer("200 OK", b"as it is", "Content-Encoding: br"), b"as it is"),
        (answer("500 Oops", b"x" * 65_536), b"x" * 65_536),
    ],
    ids=["empty", "chunked", "interim answers", "gzip", "zlib", "raw deflate", "unknown", "just fits"],
)
def test_reads_answers_of_every_kind(
    reply: bytes, body: bytes, start: Start, session: GuardedSession
) -> None:
    server = start(reply)

    assert post(session, server.url()).body == body
    assert post(session, server.url()).body == body
    assert server.connections == 1


def test_reads_an_answer_that_ends_with_the_connection(start: Start, session: GuardedSession) -> None:
    def serve(server: Loopback, connection: socket.socket) -> None:
        server.read_request(connection)
        for piece in (b"HTTP/1.0 200 OK\r\n\r\n", b"abc", b"def"):
            connection.sendall(piece)
            server.wait(0.02)
        connection.close()

    assert post(session, start(serve).url()).body == b"abcdef"


@pytest.mark.parametrize(
    "reply",
    [
        answer("200 OK", b"x" * 65_537),
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"fff\r\n"
        + (b"x" * 4095 + b"\r\nfff\r\n") * 20,
        answer("200 OK", gzip.compress(b"x" * 10_000_000), "Content-Encoding: gzip"),
    ],
    ids=["length", "announced", "chunked", "bomb"],
)
def test_a_large_answer_is_not_read_to_its_end(reply: bytes, start: Start, session: GuardedSession) -> None:
    with pytest.raises(AnswerTooLarge):
        post(session, start(reply).url())


def test_an_answer_that_came_before_the_provider_hung_up_counts(
    start: Start, session: GuardedSession
) -> None:
    def serve(server: Loopback, connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(answer("413 Too Large", b"no", "Connection: close"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1_000_000):
            pass

    assert post(session, start(serve).url(), data=b"x" * 1_000_000).status == 413


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(status: int, start: Start, session: GuardedSession) -> None:
    other = start(answer())
    server = start(answer(f"{status} Moved", b"", f"Location: {other.url()}"))

    assert post(session, server.url()).status == status
    assert session.post(server.url(), data=b"x").status_code == status
    assert other.connections == 0


def test_proxies_and_netrc_of_the_environment_are_ignored(
    start: Start, session: GuardedSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    proxy, server = start(answer()), start(answer())
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login name password word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url())

    post(session, server.url())
    session.post(server.url(), data=b"x", proxies={"http": proxy.url()})

    assert (proxy.connections, len(server.requests)) == (0, 2)
    assert b"Authorization" not in b"".join(server.requests)


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    asked: list[str] = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["64:ff9b::7f00:1"], ["169.254.169.254"]],
    ids=str,
)
def test_every_resolved_address_is_checked(
    addresses: list[str], session: GuardedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, addresses)

    with pytest.raises(AddressRefused):
        post(session, "http://api.example.com/")


def test_a_name_that_changes_its_address_between_check_and_use_gains_nothing(
    session: GuardedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolver(monkeypatch, ["198.41.0.4"], ["127.0.0.1"])
    connected: list[Any] = []

    def connect(_: socket.socket, place: Any) -> None:
        connected.append(place)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", connect)

    with pytest.raises(ConnectionFailed):
        post(session, "http://api.example.com/")
    with pytest.raises(AddressRefused):
        post(session, "http://api.example.com/")

    assert (asked, connected) == (["api.example.com"] * 2, [("198.41.0.4", 80)])


def test_an_unreachable_address_gives_way_to_the_next(
    start: Start, session: GuardedSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(answer())
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"provider.example:{server.port}"})
    resolver(monkeypatch, ["127.0.0.2", "127.0.0.1"])

    assert post(session, f"http://provider.example:{server.port}/").status == 200
    assert f"Host: provider.example:{server.port}".encode() in server.requests[0]


def test_unknown_names_and_slow_resolvers_are_safe_to_retry(
    session: GuardedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectionFailed, match="not known"):
        post(session, "http://api.example.com/")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    started = time.monotonic()
    with pytest.raises(ConnectionFailed, match="in time"):
        post(session, "http://api.example.com/", connect=0.2)
    assert time.monotonic() - started < 2.5


def test_private_addresses_are_refused_without_the_list(
    start: Start, session: GuardedSession, settings: Settings
) -> None:
    server = start(answer())
    settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({"127.0.0.1:1"})

    for host in (
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ):
        with pytest.raises(AddressRefused):
            post(session, f"http://{host}:{server.port}/")
    assert server.connections == 0


@pytest.mark.parametrize(
    "url", ["ftp://api.example.com/", "http://user@api.example.com/", "file:///etc/passwd"]
)
def test_other_schemes_and_user_names_are_refused(url: str, session: GuardedSession) -> None:
    prepared = requests.Request("POST", "http://api.example.com/").prepare()
    prepared.url = url

    with pytest.raises(AddressRefused):
        exchange(session, prepared)


@pytest.mark.parametrize(
    ("name", "value"),
    [("X Y", "1"), ("X", "a\x00b"), ("X", "a\r\nY: b"), ("X", "naïve ✓"), ("X:Y", "1"), ("", "1")],
)
def test_headers_that_http_forbids_never_leave(
    name: str, value: str, start: Start, session: GuardedSession
) -> None:
    server = start(answer())
    prepared = requests.Request("POST", server.url(), data=b"x").prepare()
    prepared.headers[name] = value

    with pytest.raises(ConfigurationInvalid):
        exchange(session, prepared)
    assert server.connections == 0


def test_plain_session_calls_are_guarded_too(start: Start, session: GuardedSession) -> None:
    server = start(answer("200 OK", b'{"access_token": "t"}', "Content-Type: application/json"))

    found = session.post(server.url(), data={"grant_type": "client_credentials"}, timeout=5)

    assert (found.json(), found.ok, found.url) == ({"access_token": "t"}, True, server.url())
    assert server.requests[0].endswith(b"grant_type=client_credentials")
    with pytest.raises(AddressRefused):
        session.get("http://10.0.0.1/")


def test_responses_can_stand_in_for_the_adapter(session: GuardedSession) -> None:
    with responses.RequestsMock(target="core.http.GuardedAdapter.send") as mock:
        mock.post("https://api.example.com/", json={"id": 1}, status=202)

        found = post(session, "https://api.example.com/")

    assert (found.status, found.body) == (202, b'{"id": 1}')


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (requests.ConnectTimeout(), ConnectionFailed),
        (requests.ReadTimeout(), AnswerLost),
        (requests.ConnectionError(), AnswerLost),
        (ConnectionFailed("x"), ConnectionFailed),
    ],
    ids=lambda value: type(value).__name__,
)
def test_stand_in_faults_are_told_apart(
    fault: Exception, error: type[GatewayError], session: GuardedSession
) -> None:
    with responses.RequestsMock(target="core.http.GuardedAdapter.send") as mock:
        mock.post("https://api.example.com/", body=fault)
        with pytest.raises(error):
            post(session, "https://api.example.com/")
