"""Mutual TLS and the probe, against a listener that really asks for a client certificate."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_django import Settings

from core.errors import AddressRefused, AuthenticationFailed, ConfigurationInvalid, ConnectionFailed
from core.http import (
    ClientCertificate,
    GuardedSession,
    certificate_problems,
    certificate_warning,
    exchange,
    probe,
)
from core.http.connection import tls_context
from tests.core.loopback import Loopback, answer
from tests.core.pki import Pair

NAME = "provider.example"
OURS = Pair.made("gateway.example")
STRANGER = Pair.made("stranger.example")
EXPIRED = Pair.made("expired.example", days=-1)
SOON = Pair.made("soon.example", days=10)
CERTIFICATE = ClientCertificate(OURS.certificate, OURS.key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider's certificate and key; also the file of authorities we trust."""
    path = tmp_path_factory.mktemp("tls") / "provider.pem"
    path.write_text(Pair.made(NAME).both)
    return path


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def server(request: Any, authority: Path, settings: Settings, monkeypatch: Any) -> Iterator[Loopback]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = request.param
    context.load_cert_chain(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=OURS.certificate)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
            while made.read_request(wrapped):
                name = dict(pair[0] for pair in wrapped.getpeercert()["subject"])["commonName"]
                wrapped.sendall(answer("200 OK", name.encode()))

    with Loopback(serve) as made:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"{NAME}:{made.port}"})
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more)
        )
        yield made


def send(server: Loopback, authority: Path, certificate: ClientCertificate | None) -> list[bytes]:
    prepared = requests.Request("POST", f"https://{NAME}:{server.port}/x", data=b"hello").prepare()
    with GuardedSession(certificate=certificate) as session:
        session.verify = str(authority)
        return [exchange(session, prepared, connect=2.0).body for _ in range(2)]


def test_the_certificate_is_shown_and_the_connection_kept(server: Loopback, authority: Path) -> None:
    assert send(server, authority, CERTIFICATE) == [b"gateway.example"] * 2
    assert server.connections == 1


@pytest.mark.parametrize(
    "certificate",
    [None, ClientCertificate(STRANGER.certificate, STRANGER.key)],
    ids=["none", "one the provider does not know"],
)
def test_a_refused_certificate_is_a_matter_of_credentials_and_nothing_was_read(
    certificate: ClientCertificate | None, server: Loopback, authority: Path, request: Any
) -> None:
    # TLS 1.2 has no alert of its own for a certificate that was not shown.
    unsaid = certificate is None and request.node.callspec.params["server"] == ssl.TLSVersion.TLSv1_2
    error = ConnectionFailed if unsaid else AuthenticationFailed
    if certificate:
        with pytest.raises(error, match="client certificate"):
            send(server, authority, certificate)
    with pytest.raises(error, match="client certificate"):
        probe(f"https://{NAME}:{server.port}/", certificate=certificate, ca_file=str(authority))
    assert server.requests == []


def test_an_authority_of_ones_own_is_trusted_besides_the_public_ones(
    server: Loopback, authority: Path, settings: Settings, tmp_path: Path
) -> None:
    prepared = requests.Request("POST", f"https://{NAME}:{server.port}/x", data=b"hello").prepare()
    with GuardedSession(certificate=CERTIFICATE) as session:
        with pytest.raises(ConnectionFailed, match="not trusted"):
            exchange(session, prepared, connect=2.0)
        settings.SMSGATEWAY_CA_FILE = str(authority)
        assert exchange(session, prepared, connect=2.0).body == b"gateway.example"
    context = tls_context(further_ca_file=str(authority))
    assert context.cert_store_stats()["x509_ca"] == tls_context().cert_store_stats()["x509_ca"] + 1
    (tmp_path / "none.pem").write_text("no certificate")
    for path in (tmp_path / "none.pem", tmp_path / "gone.pem"):
        with pytest.raises(ConfigurationInvalid, match="SMSGATEWAY_CA_FILE"):
            tls_context(further_ca_file=str(path))


def test_no_file_with_the_key_is_left_behind_or_readable_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    real = ssl.SSLContext.load_cert_chain

    def load(context: ssl.SSLContext, path: str, **options: Any) -> None:
        modes.append(os.stat(path).st_mode & 0o777)
        real(context, path, **options)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load)
    CERTIFICATE.load_into(ssl.create_default_context())
    with pytest.raises(ConfigurationInvalid):
        replace(CERTIFICATE, key=STRANGER.key).load_into(ssl.create_default_context())
    assert modes == [0o600, 0o600]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", [OURS.locked, STRANGER.key, "no key", "ключ"])
def test_a_certificate_that_cannot_be_used_stops_before_a_connection(
    key: str, server: Loopback, authority: Path
) -> None:
    with pytest.raises(ConfigurationInvalid, match="certificate") as caught:
        send(server, authority, replace(CERTIFICATE, key=key))
    assert caught.value.param == "client_certificate"
    assert server.connections == 0


@pytest.mark.parametrize(
    ("certificate", "key", "field", "text"),
    [
        (OURS.certificate, "", "client_key", "belong together"),
        ("", OURS.key, "client_certificate", "belong together"),
        ("x", OURS.key, "client_certificate", "PEM"),
        ("é" + OURS.certificate[:100], OURS.key, "client_certificate", "PEM"),
        (OURS.key, OURS.key, "client_certificate", "PEM"),
        (OURS.certificate, OURS.certificate, "client_key", "PEM"),
        (OURS.certificate, OURS.key[:120], "client_key", "PEM"),
        (OURS.certificate, OURS.locked, "client_key", "passphrase"),
        (OURS.certificate, STRANGER.key, "client_key", "does not belong"),
        (EXPIRED.certificate, EXPIRED.key, "client_certificate", "expired on"),
        (OURS.certificate + "\nnäh", OURS.key, "client_certificate", "PEM"),
    ],
)
def test_problems_of_a_pair_name_the_field(certificate: str, key: str, field: str, text: str) -> None:
    [(found, told)] = certificate_problems(certificate, key)
    assert found == field
    assert text in told


def test_a_working_pair_and_none_at_all_have_no_problems() -> None:
    assert certificate_problems(OURS.certificate, OURS.key) == []
    assert certificate_problems(OURS.certificate + STRANGER.certificate, f"  \r\n{OURS.key}") == []
    assert certificate_problems("", "") == []


def test_a_certificate_that_expires_soon_warns() -> None:
    assert "expires on" in certificate_warning(SOON.certificate)
    assert [certificate_warning(text) for text in (OURS.certificate, "", "x")] == ["", "", ""]


def test_neither_key_shows_in_a_representation() -> None:
    assert "PRIVATE" not in repr(CERTIFICATE)


def test_a_probe_connects_and_sends_nothing(server: Loopback, authority: Path) -> None:
    url = f"https://{NAME}:{server.port}/send?x=1"
    assert 0 <= probe(url, certificate=CERTIFICATE, ca_file=str(authority)) < 5000
    assert (server.connections, server.requests) == (1, [])


def test_a_probe_checks_the_certificate_of_the_provider(server: Loopback) -> None:
    with pytest.raises(ConnectionFailed, match="not trusted"):
        probe(f"https://{NAME}:{server.port}/", certificate=CERTIFICATE)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://10.0.0.1/", "ftp://provider.example/"])
def test_a_probe_is_guarded_like_every_request(url: str) -> None:
    with pytest.raises(AddressRefused):
        probe(url)


def test_a_probe_of_plain_http_and_of_nobody(settings: Settings) -> None:
    with Loopback(lambda connection: None) as plain:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({plain.place})
        assert probe(plain.url()) >= 0
        assert plain.requests == []
    with pytest.raises(ConnectionFailed, match="refused"):
        probe(plain.url())


def test_a_provider_that_hangs_up_after_the_handshake_is_told(
    authority: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    context.num_tickets = 0
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.unwrap()

    with Loopback(serve) as rude:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"{NAME}:{rude.port}"})
        with pytest.raises(ConnectionFailed, match="hung up"):
            probe(f"https://{NAME}:{rude.port}/", ca_file=str(authority))
