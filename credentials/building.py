"""From a credential and a message to a request: URL, headers and the final bytes of the body, unsigned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import requests
from requests.structures import CaseInsensitiveDict

from core.errors import ConfigurationInvalid, TemplateInvalid
from core.templating import JsonTemplate, Missing, render_text
from credentials.headers import (
    CHARSET,
    CONTENT_TYPE,
    DEFAULT_HEADERS,
    FORM_TYPE,
    default_value_problem,
    fold_charset,
    media_type,
    value_problem,
)

_OUTPUT: Final = re.compile(r"(\{\{.*?\}\})", re.DOTALL)
_CALLBACK_LEAF: Final = re.compile(r"\{\{\s*(statusCallbackUrl|inboundCallbackUrl)\s*\}\}")
_OURS: Final = {"User-Agent": "smsgateway", "Accept": "*/*"}
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOTHING: Final = object()


@dataclass(frozen=True)
class RequestShape:
    """What a request is made of, as the operator wrote it."""

    url: str
    headers: tuple[tuple[str, str], ...]
    payload: str

    def header(self, name: str) -> str:
        """One of the two fixed headers, its default when it is not among the rows."""
        found = (value for given, value in self.headers if given.lower() == name.lower())
        return next(found, "") or DEFAULT_HEADERS[name]


class RequestBuilder:
    """Prepares once what does not depend on the message; GatewayError when it can never work."""

    def __init__(self, shape: RequestShape, *, missing: Missing = Missing.ERROR) -> None:
        self._missing = missing
        self._url = _UrlTemplate(shape.url, missing)
        self.charset = shape.header(CHARSET)
        content_type = shape.header(CONTENT_TYPE)
        for name, value in ((CHARSET, self.charset), (CONTENT_TYPE, content_type)):
            if problem := default_value_problem(name, value):
                raise ConfigurationInvalid(f"Header {name}: {problem}")
        self._encode = _form_body if media_type(content_type) == FORM_TYPE else _json_body
        rows = [row for row in shape.headers if row[0].lower() not in {CONTENT_TYPE.lower(), CHARSET.lower()}]
        self._constant = CaseInsensitiveDict(_OURS)
        self._constant[CONTENT_TYPE] = fold_charset(content_type, self.charset)
        self._constant.update((name, value) for name, value in rows if not _is_template(value))
        self._rendered = [(name, value) for name, value in rows if _is_template(value)]
        self._payload = shape.payload
        self._payloads: dict[frozenset[str], JsonTemplate] = {}
        self._template_for({})

    def build(self, context: Mapping[str, Any]) -> requests.PreparedRequest:
        """The request for one message; TemplateInvalid or ConfigurationInvalid when it cannot be made."""
        prepared = requests.PreparedRequest()
        prepared.method = "POST"
        prepared.url = self._url.render(context)
        prepared.headers = self._constant.copy()
        for name, value in self._rendered:
            prepared.headers[name] = _header_value(name, render_text(value, context, missing=self._missing))
        content = self._template_for(context).render(context, missing=self._missing)
        prepared.body = self._encode(content, self.charset)
        prepared.headers["Content-Length"] = str(len(prepared.body))
        return prepared

    def _template_for(self, context: Mapping[str, Any]) -> JsonTemplate:
        """The payload, without members that are nothing but a callback URL while there is no such URL."""
        empty = frozenset(
            name for name in ("statusCallbackUrl", "inboundCallbackUrl") if not context.get(name)
        )
        if empty not in self._payloads:
            self._payloads[empty] = _compile(_without(self._payload, empty))
        return self._payloads[empty]


class _UrlTemplate:
    """A URL whose `{{…}}` values are percent-encoded, whole, wherever they stand."""

    def __init__(self, source: str, missing: Missing) -> None:
        self._missing = missing
        self._parts = _OUTPUT.split(source.strip())
        if "{%" in source:
            raise ConfigurationInvalid(
                "The Provider URL can hold {{…}} only, not {% … %}.", param="provider_url"
            )
        self._constant = _checked_url(source.strip()) if len(self._parts) == 1 else ""

    def render(self, context: Mapping[str, Any]) -> str:
        if self._constant:
            return self._constant
        return _checked_url(
            "".join(
                quote(render_text(part, context, missing=self._missing), safe="") if index % 2 else part
                for index, part in enumerate(self._parts)
            )
        )


def _checked_url(url: str) -> str:
    prepared = requests.PreparedRequest()
    try:
        # A stray % would make requests quote every % of the URL once more.
        prepared.prepare_url(_STRAY_PERCENT.sub("%25", url), None)
    except (requests.exceptions.RequestException, UnicodeError, ValueError) as error:
        raise ConfigurationInvalid(
            "The Provider URL is not a complete http or https address.", param="provider_url"
        ) from error
    return prepared.url or ""


def _compile(source: str) -> JsonTemplate:
    template = JsonTemplate(source)
    if template.problems:
        problem = template.problems[0]
        raise TemplateInvalid(
            f"Provider Payload, line {problem.line}, column {problem.column}: {problem.message}",
            param="payload",
        )
    return template


def _without(source: str, variables: frozenset[str]) -> str:
    """The payload without members that are exactly one of `variables`, and without what that empties."""
    if not variables or not _CALLBACK_LEAF.search(source):
        return source
    try:
        content = json.loads(source)
    except (ValueError, RecursionError):
        return source  # the template says what is wrong, with line and column
    kept = _prune(content, variables)
    return json.dumps({} if kept is _NOTHING else kept, ensure_ascii=False)


def _prune(value: Any, variables: frozenset[str]) -> Any:
    if isinstance(value, str):
        match = _CALLBACK_LEAF.fullmatch(value.strip())
        return _NOTHING if match and match[1] in variables else value
    if isinstance(value, dict):
        members = {name: _prune(item, variables) for name, item in value.items()}
        kept_members = {name: item for name, item in members.items() if item is not _NOTHING}
        return kept_members if kept_members or not value else _NOTHING
    if isinstance(value, list):
        items = [item for item in (_prune(item, variables) for item in value) if item is not _NOTHING]
        return items if items or not value else _NOTHING
    return value


def _header_value(name: str, value: str) -> str:
    if problem := value_problem(value):
        raise ConfigurationInvalid(
            f"Header {name}: the value made for this message cannot be sent. {problem}"
        )
    return value


def _is_template(value: str) -> bool:
    return "{{" in value or "{%" in value


def _json_body(content: Any, charset: str) -> bytes:
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(charset)
    except UnicodeEncodeError:
        # JSON can write every character in ASCII, whatever the charset lacks.
        return json.dumps(content, separators=(",", ":")).encode(charset)


def _form_body(content: Any, charset: str) -> bytes:
    if not isinstance(content, dict):
        raise ConfigurationInvalid("A form body needs a JSON object as payload: one member for each field.")
    try:
        return urlencode(list(_form_fields(content)), encoding=charset, errors="strict").encode("ascii")
    except UnicodeEncodeError as error:
        raise ConfigurationInvalid(
            f"The charset {charset} cannot carry this text; set the header Charset to UTF-8."
        ) from error


def _form_fields(content: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield name, item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
