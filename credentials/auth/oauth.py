"""OAuth 2.0 client credentials (RFC 6749, section 4.4; RFC 6750 for the header), on requests-oauthlib."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests_oauthlib import OAuth2

from core.errors import AuthenticationFailed
from core.value_paths import path_problem
from credentials.auth.base import AuthBackend, FieldProblem, filled, is_private_host, json_object
from credentials.auth.certificates import certificate_of
from credentials.auth.token_request import TokenRequest, fetch_token
from credentials.auth.tokens import TOKENS, Token

_UNSAID_LIFETIME: Final = 300.0
_EARLY: Final = 30.0
_PUBLIC_MEMBERS: Final = frozenset({"grant_type", "client_id", "scope", "audience", "resource", "token_type"})
_CLIENT: Final = ("client_id", "client_secret")
_MEMBERS: Final = ("grant_type", *_CLIENT)


class OAuthBackend(AuthBackend):
    """Fetches a bearer token, keeps it until shortly before it expires, renews it once after a 401."""

    kind = "oauth"
    label = "OAuth"
    fields = (
        "auth_name", "api_token", "oauth_url", "oauth_body", "oauth_encoding", "oauth_client_auth",
        "oauth_token_path", "oauth_expiry_path",
    )  # fmt: skip
    required = frozenset({"oauth_url", "oauth_body", "oauth_encoding"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        _refuse_plain_http(r.url or "")
        token = TOKENS.get(self._key, self._fetch)
        if token.kind == "mac":
            raise AuthenticationFailed("The OAuth URL gives MAC tokens; ask the provider for bearer tokens.")
        signer = OAuth2(token={"access_token": token.value, "token_type": "Bearer"})
        url, r.url = r.url, "https:" + (r.url or "").partition(":")[2]
        signer(r)  # oauthlib signs https only; plain http was allowed above for exact private hosts
        r.url = url
        return r

    def secrets(self) -> tuple[str, ...]:
        token = TOKENS.peek(self._key)
        return (*super().secrets(), *self._body_secrets, *((token.value,) if token else ()))

    def refresh(self, prepared: PreparedRequest) -> bool:
        sent = str(prepared.headers.get("Authorization", ""))
        TOKENS.drop(self._key, sent.removeprefix("Bearer "))
        return True

    def problems(self) -> list[FieldProblem]:
        found = []
        try:
            body = json_object(self.config.oauth_body, what="OAuth Body")
        except ValueError as error:
            found.append(FieldProblem("oauth_body", str(error)))
        else:
            # Other grants, and logins without one, carry other members; the usual grant needs these three.
            usual = not body or body.get("grant_type") == "client_credentials"
            by_header = self.config.oauth_client_auth != "body"
            wanted = _CLIENT if by_header else _MEMBERS
            if missing := [name for name in wanted if (usual or by_header) and name not in body]:
                text = f"The OAuth Body lacks {', '.join(missing)}. Add what the provider gave you."
                found.append(FieldProblem("oauth_body", text))
        for field in ("oauth_token_path", "oauth_expiry_path"):
            if (path := getattr(self.config, field)) and (problem := path_problem(path)):
                found.append(FieldProblem(field, problem))
        for field in ("oauth_url", "provider_url"):
            url = getattr(self.config, field)
            if urlsplit(url).scheme == "http" and not is_private_host(url):
                text = "OAuth needs https; plain http is for hosts listed in SMSGATEWAY_PRIVATE_HOSTS only."
                found.append(FieldProblem(field, text))
        return found

    @property
    def _key(self) -> str:
        return self.config.key or f"unsaved:{id(self)}"

    @cached_property
    def _members(self) -> dict[str, Any]:
        try:
            body = json_object(self.config.oauth_body, what="OAuth Body")
        except ValueError as error:
            raise AuthenticationFailed(str(error)) from error
        members: dict[str, Any] = filled(body, self.config.known)
        return members

    @cached_property
    def _body_secrets(self) -> tuple[str, ...]:
        try:
            return tuple(_secret_leaves(self._members))
        except AuthenticationFailed:
            return (self.config.oauth_body,)

    def _fetch(self) -> Token:
        _refuse_plain_http(self.config.oauth_url)
        config = self.config
        request = TokenRequest(
            url=config.oauth_url,
            members=self._members,
            encoding=config.oauth_encoding,
            client_auth=config.oauth_client_auth,
            token_path=config.oauth_token_path,
            expiry_path=config.oauth_expiry_path,
            certificate=certificate_of(config),
        )
        answer = fetch_token(request)
        now = time.time()
        lifetime = _UNSAID_LIFETIME if answer.expires_at is None else answer.expires_at - now
        return Token(
            value=answer.token,
            renew_at=now + lifetime - min(_EARLY, max(0.0, lifetime) * 0.1),
            kind=answer.token_type,
        )


def _refuse_plain_http(url: str) -> None:
    if not url.lower().startswith("https:") and not is_private_host(url):
        raise AuthenticationFailed(
            "OAuth needs https; plain http is for hosts listed in SMSGATEWAY_PRIVATE_HOSTS only."
        )


def _secret_leaves(members: dict[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        if isinstance(value, dict):
            yield from _secret_leaves(value)
        elif isinstance(value, str) and value and name not in _PUBLIC_MEMBERS:
            yield value
