"""The client certificate of a credential goes to the token URL as well."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from core.errors import AuthenticationFailed
from core.http import connection
from credentials.auth import BACKENDS, backend_of, pair_problems, pair_warnings, session_for
from credentials.auth.base import AuthConfig
from tests.core.loopback import Loopback, answer
from tests.core.pki import Pair
from tests.credentials.vectors import final_request

NAME = "token.example"
OURS = Pair.made("gateway.example")
BODY = json.dumps({"grant_type": "client_credentials", "client_id": "i", "client_secret": "s"})


@pytest.fixture
def server(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    path = tmp_path / "provider.pem"
    path.write_text(Pair.made(NAME).both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=OURS.certificate)

    def serve(plain: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as wrapped:
            while made.read_request(wrapped):
                wrapped.sendall(answer("200 OK", b'{"access_token": "T1"}', "Content-Type: application/json"))

    with Loopback(serve) as made:
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"{NAME}:{made.port}"})
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more)
        )
        monkeypatch.setattr(connection.certifi, "where", lambda: str(path))
        connection.tls_context.cache_clear()
        yield made
        connection.tls_context.cache_clear()


def config(server: Loopback, **values: Any) -> AuthConfig:
    given = {"client_certificate": OURS.certificate, "client_key": OURS.key, **values}
    return AuthConfig(oauth_url=f"https://{NAME}:{server.port}/token", oauth_body=BODY, **given)


@pytest.mark.parametrize("encoding", ["form", "json"])
@pytest.mark.parametrize("client_auth", ["body", "basic"])
def test_the_token_is_fetched_with_the_certificate(encoding: str, client_auth: str, server: Loopback) -> None:
    auth = backend_of("oauth", config(server, oauth_encoding=encoding, oauth_client_auth=client_auth))
    assert auth(final_request()).headers["Authorization"] == "Bearer T1"
    assert server.requests[0].startswith(b"POST /token ")


def test_a_token_url_that_refuses_the_certificate_refuses_the_credential(server: Loopback) -> None:
    stranger = Pair.made("stranger.example")
    given = config(server, client_certificate=stranger.certificate, client_key=stranger.key)
    with pytest.raises(AuthenticationFailed, match="client certificate"):
        backend_of("oauth", given)(final_request())
    assert server.requests == []


@pytest.mark.parametrize("kind", BACKENDS)
def test_messages_of_every_auth_type_go_with_the_certificate(kind: str, server: Loopback) -> None:
    given = config(server, api_token="token-" * 8, api_secret_key="k", auth_username="u", jwt_payload="{}")
    prepared = final_request(url=f"https://{NAME}:{server.port}/send", body=b"hello")
    with session_for(given) as session:
        assert session.send(backend_of(kind, given)(prepared)).status_code == 200
    assert server.requests[-1].endswith(b"hello")


def test_both_halves_are_needed_for_any_type() -> None:
    half = AuthConfig(client_certificate=OURS.certificate)
    assert [problem.field for problem in pair_problems(half)] == ["client_key"]
    assert pair_problems(AuthConfig()) == []
    soon = Pair.made("soon.example", days=3)
    assert "expires on" in pair_warnings(AuthConfig(client_certificate=soon.certificate))[0]
    assert pair_warnings(AuthConfig()) == []
