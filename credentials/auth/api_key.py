"""API key: the token in a header or query parameter, or as HTTP Basic (RFC 7617)."""

from __future__ import annotations

import base64
from urllib.parse import urlencode, urlsplit, urlunsplit

from requests import PreparedRequest

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthBackend, FieldProblem, set_header
from credentials.headers import name_problem, value_problem


class ApiKeyAuth(AuthBackend):
    """Sends the token where the provider wants it; default `Authorization: Bearer <token>`."""

    kind = "api_key"
    label = "API key"
    fields = ("auth_name", "api_token", "key_location", "key_name", "key_prefix")
    required = frozenset({"api_token"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        config = self.config
        if config.key_location == "query":
            r.url = _with_parameter(r.url or "", config.key_name, config.api_token)
        elif config.key_location == "basic":
            set_header(r, "Authorization", f"Basic {self._basic()}")
        else:
            set_header(r, config.key_name or "Authorization", f"{config.key_prefix}{config.api_token}")
        return r

    def secrets(self) -> tuple[str, ...]:
        basic = (self._basic(),) if self.config.key_location == "basic" else ()
        return (*super().secrets(), *basic)

    def problems(self) -> list[FieldProblem]:
        config, found = self.config, []
        if config.key_location == "query" and (not config.key_name or config.key_name == "Authorization"):
            found.append(FieldProblem("key_name", "Type the name of the query parameter, such as apiKey."))
        if config.key_location == "basic" and not self._user():
            text = "Type the user name here, or the Provider AppId above if that is the user name."
            found.append(FieldProblem("key_name", text))
        if config.key_location == "header":
            if problem := name_problem(config.key_name or "Authorization"):
                found.append(FieldProblem("key_name", problem))
            if problem := value_problem(f"{config.key_prefix}{config.api_token}"):
                found.append(FieldProblem("api_token", f"This goes into a header. {problem}"))
        return found

    def _user(self) -> str:
        return self.config.key_name or self.config.provider_app_id

    def _basic(self) -> str:
        if ":" in self._user():
            raise AuthenticationFailed("A user name for HTTP Basic cannot contain a colon.")
        return base64.b64encode(f"{self._user()}:{self.config.api_token}".encode()).decode("ascii")


def _with_parameter(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    added = urlencode({name: value})
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query))
