"""Asking an OAuth token endpoint: form through requests-oauthlib, JSON by hand, both behind the guard."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from core.errors import AnswerLost, AnswerTooLarge, AuthenticationFailed, ConnectionFailed, TokenUnavailable
from core.http import Guarded, GuardedSession, exchange
from credentials.headers import JSON_TYPE, value_problem

# Both log whole token requests and answers at DEBUG level.
for _name in ("requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_TRY_AGAIN: Final = frozenset({408, 425, 429})
_ERROR_MEMBERS: Final = ("error", "error_code", "code", "message")


@dataclass(frozen=True)
class TokenAnswer:
    """What a token endpoint gave; `expires_at` is an epoch second, None when it said nothing."""

    token: str = field(repr=False)
    token_type: str
    expires_at: float | None


def read_token(*, status: int, body: str, received_at: float) -> TokenAnswer:
    """Read an answer; TokenUnavailable if trying again can help, else AuthenticationFailed."""
    data = _json(body)
    if not 200 <= status < 300:
        _refuse(status, data)
    if not isinstance(data, dict) or not data.get("access_token"):
        code = _error_code(data) or "no_token"
        raise AuthenticationFailed(f"The OAuth URL answered {status} without an access_token ({code}).")
    token = data["access_token"]
    if not isinstance(token, str) or value_problem(token) or " " in token:
        raise AuthenticationFailed("The OAuth URL gave a token that cannot travel in a header (bad_token).")
    return TokenAnswer(
        token=token,
        token_type=str(data.get("token_type") or "bearer").lower(),
        expires_at=_expiry(data.get("expires_in"), received_at),
    )


def fetch_token(*, url: str, members: Mapping[str, Any], encoding: str) -> TokenAnswer:
    """Ask `url` for a token with the OAuth body's members, as "form" or "json"; nothing is retried here."""
    fetch = _fetch_as_json if encoding == "json" else _fetch_as_form
    try:
        return fetch(url, members)
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

    def __init__(self, *, url: str, client: BackendApplicationClient) -> None:
        super().__init__(client=client)
        self._url = url
        self.answer: TokenAnswer | None = None
        self.register_compliance_hook("access_token_response", self._keep)

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Ask the real URL: oauthlib knows https alone, exact private hosts may be plain http."""
        return requests.Session.request(self, method, self._url, allow_redirects=False, **kwargs)

    def _keep(self, response: requests.Response) -> requests.Response:
        """Judge the answer by our rules, then hand oauthlib a plain one."""
        self.answer = _read(response.status_code, response.content)
        plain = {"access_token": self.answer.token, "token_type": "Bearer"}
        response.encoding, response._content = "utf-8", json.dumps(plain).encode()
        return response


def _fetch_as_form(url: str, members: Mapping[str, Any]) -> TokenAnswer:
    given: dict[str, Any] = {name: _form_text(value) for name, value in members.items()}
    client = BackendApplicationClient(client_id=given.pop("client_id", None))
    client.grant_type = given.pop("grant_type", client.grant_type)
    with _TokenSession(url=url, client=client) as session:
        session.fetch_token(
            "https:" + url.partition(":")[2],
            client_secret=given.pop("client_secret", None),
            include_client_id=True,
            body=urlencode(given),
        )
        if session.answer is None:
            raise TokenUnavailable("The OAuth URL gave no token.")
        return session.answer


def _fetch_as_json(url: str, members: Mapping[str, Any]) -> TokenAnswer:
    request = requests.Request(
        "POST",
        url,
        headers={"Content-Type": JSON_TYPE, "Accept": JSON_TYPE},
        data=json.dumps(members).encode("ascii"),
    )
    with GuardedSession() as session:
        answer = exchange(session, request.prepare())
    return _read(answer.status, answer.body)


def _read(status: int, body: bytes) -> TokenAnswer:
    return read_token(status=status, body=body.decode("utf-8", "replace"), received_at=time.time())


def _form_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)  # scope, RFC 6749 section 3.3
    return json.dumps(value)


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _refuse(status: int, data: Any) -> None:
    code = _error_code(data) or f"http_{status}"
    if status >= 500 or status in _TRY_AGAIN:
        raise TokenUnavailable(f"The OAuth URL answered {status} ({code}); it is asked again later.")
    raise AuthenticationFailed(
        f"The OAuth URL answered {status} ({code}). Check the OAuth URL, the OAuth Body and how it is sent."
    )


def _error_code(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    found = (data.get(name) for name in _ERROR_MEMBERS)
    return next((str(code)[:100] for code in found if isinstance(code, str | int) and code), "")


def _expiry(lifetime: Any, received_at: float) -> float | None:
    """Absolute expiry; the lifetime may be a text, missing or zero."""
    try:
        return received_at + max(0.0, float(lifetime))
    except (TypeError, ValueError, OverflowError):
        return None
