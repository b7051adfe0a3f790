"""API key: the token in a header, a query parameter or a field of the body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from requests import PreparedRequest

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthBackend, FieldProblem, set_header
from credentials.headers import FORM_TYPE, media_type, name_problem, value_problem

_PLACES: Final[Mapping[str, str]] = {"query": "query parameter", "body": "body field"}
_CHARSET: Final = re.compile(r'charset="?([^\s;"]+)', re.IGNORECASE)


class ApiKeyAuth(AuthBackend):
    """Sends the token where the provider wants it; default `Authorization: Bearer <token>`."""

    kind = "api_key"
    label = "API key"
    fields = ("auth_name", "api_token", "key_location", "key_name", "key_prefix")
    required = frozenset({"api_token"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return self._add(r)

    def problems(self) -> list[FieldProblem]:
        config, found = self.config, []
        place = _PLACES.get(config.key_location)
        if place and config.key_name in {"", "Authorization"}:
            found.append(FieldProblem("key_name", f"Type the name of the {place}, such as apiKey."))
        if config.key_location == "header":
            if problem := name_problem(self._header):
                found.append(FieldProblem("key_name", problem))
            if problem := value_problem(self._key):
                found.append(FieldProblem("api_token", f"This goes into a header. {problem}"))
        return found

    @cached_property
    def _add(self) -> Callable[[PreparedRequest], PreparedRequest]:
        ways = {"header": self._in_header, "query": self._in_query, "body": self._in_body}
        if self.config.key_location not in ways:
            raise AuthenticationFailed("Choose where the API key travels: header, query or body.")
        return ways[self.config.key_location]

    @property
    def _key(self) -> str:
        return f"{self.config.key_prefix}{self.config.api_token}"

    @property
    def _header(self) -> str:
        return self.config.key_name or "Authorization"

    @cached_property
    def _value(self) -> str:
        return set_header(PreparedRequest(), self._header, self._key)

    @cached_property
    def _pair(self) -> str:
        return urlencode({self.config.key_name: self._key})

    @cached_property
    def _member(self) -> str:
        pair = json.dumps({self.config.key_name: self._key}, ensure_ascii=False, separators=(",", ":"))
        return pair[1:-1]

    def _in_header(self, r: PreparedRequest) -> PreparedRequest:
        r.headers[self._header] = self._value
        return r

    def _in_query(self, r: PreparedRequest) -> PreparedRequest:
        parts = urlsplit(r.url or "")
        r.url = urlunsplit(parts._replace(query=f"{parts.query}&{self._pair}".lstrip("&")))
        return r

    def _in_body(self, r: PreparedRequest) -> PreparedRequest:
        """Into the final bytes of a JSON object or form; what stands there keeps its bytes."""
        content_type = str(r.headers.get("Content-Type", ""))
        named = _CHARSET.search(content_type)
        charset = named[1] if named else "utf-8"
        media = media_type(content_type)
        body = r.body.encode() if isinstance(r.body, str) else r.body or b""
        try:
            text = body.decode(charset)
            if media == FORM_TYPE:
                r.body = self._with_pair(text).encode(charset)
            elif media.endswith("json"):
                r.body = self._with_member(text).encode(charset)
            else:
                raise AuthenticationFailed("An API key can be a body field of JSON and form bodies only.")
        except (UnicodeError, LookupError) as error:
            raise AuthenticationFailed(f"The API key cannot be written in {charset}.") from error
        r.headers["Content-Length"] = str(len(r.body))
        return r

    def _with_pair(self, text: str) -> str:
        self._refuse_second(parse_qs(text, keep_blank_values=True))
        return f"{text}&{self._pair}".lstrip("&")

    def _with_member(self, text: str) -> str:
        start = text.strip() or "{}"
        try:
            content = json.loads(start)
        except (ValueError, RecursionError) as error:
            raise AuthenticationFailed("The body is not JSON; the API key cannot be added.") from error
        if not isinstance(content, dict):
            raise AuthenticationFailed("An API key can be a field of a JSON object only, not of a list.")
        self._refuse_second(content)
        return f"{start[:-1]}{',' if content else ''}{self._member}}}"

    def _refuse_second(self, content: Mapping[str, Any]) -> None:
        name = self.config.key_name
        if name in content:
            raise AuthenticationFailed(f"The body has a field {name} already. Remove it: the key goes there.")
