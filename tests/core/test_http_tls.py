from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from pytest_django import Settings

from core.errors import ConnectionFailed
from core.http import GuardedSession, exchange
from tests.core.loopback import Loopback, answer
from tests.core.pki import Pair

NAME = "provider.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "provider.pem"
    path.write_text(Pair.made(NAME).both)
    return path


@pytest.fixture
def server(certificate: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
            while made.read_request(wrapped):
                wrapped.sendall(answer())

    with Loopback(serve) as made:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"{NAME}:{made.port}", f"other.example:{made.port}"})
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, port, *rest, **more: real("127.0.0.1", port, *rest, **more)
        )
        yield made


def send(session: GuardedSession, server: Loopback, host: str = NAME) -> int:
    prepared = requests.Request("POST", f"https://{host}:{server.port}/x", data=b"hello").prepare()
    return exchange(session, prepared, connect=1.0).status


def test_the_certificate_is_checked_against_the_name_and_the_connection_kept(
    server: Loopback, certificate: Path
) -> None:
    with GuardedSession() as session:
        session.verify = str(certificate)

        assert [send(session, server) for _ in range(3)] == [200, 200, 200]

    assert server.connections == 1


@pytest.mark.parametrize("verify", [True, False])
def test_an_untrusted_certificate_is_refused_before_a_byte_leaves(server: Loopback, verify: bool) -> None:
    with GuardedSession() as session:
        session.verify = verify
        with pytest.raises(ConnectionFailed, match="not trusted"):
            send(session, server)

    assert server.requests == []


def test_a_certificate_for_another_name_is_refused(server: Loopback, certificate: Path) -> None:
    with GuardedSession() as session:
        session.verify = str(certificate)
        with pytest.raises(ConnectionFailed, match=r"other\.example"):
            send(session, server, host="other.example")


def test_a_handshake_that_never_ends_is_safe_to_retry(
    settings: Settings,
) -> None:
    quiet = threading.Event()
    with Loopback(lambda connection: quiet.wait(5)) as silent, GuardedSession() as session:  # type: ignore[arg-type, return-value]
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({silent.place})
        prepared = requests.Request("POST", f"https://{silent.place}/", data=b"x").prepare()
        started = time.monotonic()
        with pytest.raises(ConnectionFailed):
            exchange(session, prepared, connect=0.3)
        assert time.monotonic() - started < 3
        quiet.set()
