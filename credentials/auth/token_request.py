"""Asking an OAuth token endpoint: form through requests-oauthlib, JSON by hand, both behind the guard."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from core.errors import (
    AnswerLost,
    AnswerTooLarge,
    AuthenticationFailed,
    ConnectionFailed,
    TokenEncodingRefused,
    TokenUnavailable,
)
from core.http import ClientCertificate, Guarded, GuardedSession, exchange
from core.value_paths import Document, compile_path
from credentials.headers import FORM_TYPE, JSON_TYPE, value_problem

# Both log whole token requests and answers at DEBUG level.
for _name in ("requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_TRY_AGAIN: Final = frozenset({408, 425, 429})
_ENCODING_STATUSES: Final = frozenset({400, 415})
_ENCODINGS: Final = {"form": ("a form", "JSON"), "json": ("JSON", "a form")}
_EPOCH_ABOVE: Final = 10**9  # a larger number is a moment, not a lifetime
_MILLISECONDS_ABOVE: Final = 10**11
_NO_HEADERS: Final[Mapping[str, str]] = {}
_ERROR_MEMBERS: Final = ("error", "error_code", "code", "message")


@dataclass(frozen=True)
class TokenAnswer:
    """What a token endpoint gave; `expires_at` is an epoch second, None when it said nothing."""

    token: str = field(repr=False)
    token_type: str
    expires_at: float | None


@dataclass(frozen=True)
class TokenRequest:
    """What to ask the token endpoint: members of the body as "form" or "json"; client_id and client_secret of them
    travel in the body, as HTTP Basic (RFC 6749, 2.3.1) or as HTTP Basic without being encoded first."""

    url: str
    members: Mapping[str, Any] = field(repr=False)
    encoding: str = "form"
    client_auth: str = "body"
    token_path: str = ""
    expiry_path: str = ""
    certificate: ClientCertificate | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The members that travel in the body."""
        taken = () if self.client_auth == "body" else ("client_id", "client_secret")
        return {name: value for name, value in self.members.items() if name not in taken}

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header of client authentication by Basic, else nothing."""
        if self.client_auth == "body":
            return {}
        code = quote_plus if self.client_auth == "basic" else str
        pair = ":".join(
            code(_form_text(self.members.get(name, ""))) for name in ("client_id", "client_secret")
        )
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"}


def read_token(
    *,
    status: int,
    body: bytes,
    received_at: float,
    headers: Mapping[str, str] = _NO_HEADERS,
    encoding: str = "",
    token_path: str = "",
    expiry_path: str = "",
) -> TokenAnswer:
    """Read an answer; TokenUnavailable if trying again can help, else AuthenticationFailed."""
    document = Document(body, headers)
    data = document.json
    if not 200 <= status < 300:
        _refuse(status, data, encoding)
    token = compile_path(token_path or "access_token").find(document)
    if not token:
        code = _error_code(data) or "no_token"
        where = token_path or "access_token"
        raise AuthenticationFailed(
            f"The OAuth URL answered {status} without an access token at {where} ({code})."
        )
    if not isinstance(token, str) or value_problem(token) or " " in token:
        raise AuthenticationFailed("The OAuth URL gave a token that cannot travel in a header (bad_token).")
    kind = data.get("token_type") if isinstance(data, dict) else ""
    return TokenAnswer(
        token=token,
        token_type=str(kind or "bearer").lower(),
        expires_at=_expiry(compile_path(expiry_path or "expires_in").find(document), received_at),
    )


def fetch_token(request: TokenRequest) -> TokenAnswer:
    """Ask for a token; nothing is retried here."""
    plain = request.encoding == "json" or request.client_auth != "body" or request.certificate is not None
    fetch = _fetch_plainly if plain else _fetch_as_form
    try:
        return fetch(request)
    except (ConnectionFailed, AnswerLost) as error:
        raise TokenUnavailable(f"The OAuth URL gave no token: {error.text}") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as error:
        raise AuthenticationFailed("The OAuth URL is not a complete http or https address.") from error
    except requests.RequestException as error:
        raise TokenUnavailable("The OAuth URL was not reached.") from error
    except AnswerTooLarge as error:
        raise AuthenticationFailed(f"The OAuth URL gave no token: {error.text}") from error


class _TokenSession(Guarded, OAuth2Session):
    """requests-oauthlib's session behind the guard: checked addresses, limits, no redirects."""

    def __init__(self, *, request: TokenRequest, client: BackendApplicationClient) -> None:
        super().__init__(client=client)
        self._asked = request
        self._url = request.url
        self.answer: TokenAnswer | None = None
        self.register_compliance_hook("access_token_response", self._keep)

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Ask the real URL: oauthlib knows https alone, exact private hosts may be plain http."""
        return requests.Session.request(self, method, self._url, allow_redirects=False, **kwargs)

    def _keep(self, response: requests.Response) -> requests.Response:
        """Judge the answer by our rules, then hand oauthlib a plain one."""
        self.answer = _read(self._asked, response.status_code, response.content, response.headers)
        plain = {"access_token": self.answer.token, "token_type": "Bearer"}
        response.encoding, response._content = "utf-8", json.dumps(plain).encode()
        return response


def _fetch_as_form(request: TokenRequest) -> TokenAnswer:
    given: dict[str, Any] = {name: _form_text(value) for name, value in request.members.items()}
    client = BackendApplicationClient(client_id=given.pop("client_id", None))
    client.grant_type = given.pop("grant_type", client.grant_type)
    with _TokenSession(request=request, client=client) as session:
        session.fetch_token(
            "https:" + request.url.partition(":")[2],
            client_secret=given.pop("client_secret", None),
            include_client_id=True,
            body=urlencode(given),
        )
        if session.answer is None:
            raise TokenUnavailable("The OAuth URL gave no token.")
        return session.answer


def _fetch_plainly(request: TokenRequest) -> TokenAnswer:
    """What requests-oauthlib does not write: JSON, Basic with or without encoding, a client certificate."""
    media, data = _BODIES[request.encoding](request.body)
    headers = {"Content-Type": media, "Accept": JSON_TYPE, **request.headers}
    prepared = requests.Request("POST", request.url, headers=headers, data=data).prepare()
    with GuardedSession(certificate=request.certificate) as session:
        answer = exchange(session, prepared)
    return _read(request, answer.status, answer.body, answer.headers)


def _form_body(members: Mapping[str, Any]) -> tuple[str, bytes]:
    return FORM_TYPE, urlencode({name: _form_text(value) for name, value in members.items()}).encode("ascii")


def _json_body(members: Mapping[str, Any]) -> tuple[str, bytes]:
    return JSON_TYPE, json.dumps(members).encode("ascii")


_BODIES: Final = {"form": _form_body, "json": _json_body}


def _read(request: TokenRequest, status: int, body: bytes, headers: Mapping[str, str]) -> TokenAnswer:
    return read_token(
        status=status,
        body=body,
        headers=headers,
        received_at=time.time(),
        encoding=request.encoding,
        token_path=request.token_path,
        expiry_path=request.expiry_path,
    )


def _form_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)  # scope, RFC 6749 section 3.3
    return json.dumps(value)


def _refuse(status: int, data: Any, encoding: str) -> None:
    code = _error_code(data) or f"http_{status}"
    if status >= 500 or status in _TRY_AGAIN:
        raise TokenUnavailable(f"The OAuth URL answered {status} ({code}); it is asked again later.")
    text = (
        f"The OAuth URL answered {status} ({code}). Check the OAuth URL, the OAuth Body and how it is sent."
    )
    if status in _ENCODING_STATUSES and encoding in _ENCODINGS:
        sent, other = _ENCODINGS[encoding]
        raise TokenEncodingRefused(
            f"{text} The request was sent as {sent}; try to send it as {other}.",
            param="oauth_encoding",
            other="json" if encoding == "form" else "form",
        )
    raise AuthenticationFailed(text)


def _error_code(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    found = (data.get(name) for name in _ERROR_MEMBERS)
    return next((str(code)[:100] for code in found if isinstance(code, str | int) and code), "")


def _expiry(value: Any, received_at: float) -> float | None:
    """Absolute expiry: a lifetime as number or text, an epoch (milli)second, or an ISO 8601 moment; else None."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return _moment(value)
    if seconds != seconds:
        return None
    if seconds > _MILLISECONDS_ABOVE:
        seconds /= 1000
    return seconds if seconds > _EPOCH_ABOVE else received_at + max(0.0, seconds)


def _moment(value: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
