"""The request of one message, from a spec: prepared once, filled in for each message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests
from requests.structures import CaseInsensitiveDict

from core.errors import ConfigurationInvalid
from core.http.headers import copy_of
from core.templating import Missing, render_text, variables_in
from credentials.building.bodies import BODIES
from credentials.building.url import UrlTemplate
from credentials.building.variables import complete
from credentials.headers import (
    CHARSET,
    CONTENT_TYPE,
    default_value_problem,
    fold_charset,
    value_problem,
)
from credentials.spec import CredentialSpec, Header

_OURS: Final = {"User-Agent": "smsgateway", "Accept": "*/*"}
_FIXED_NAMES: Final = frozenset({CONTENT_TYPE.lower(), CHARSET.lower()})


class RequestBuilder:
    """Prepares once what does not depend on the message; GatewayError when it can never work."""

    def __init__(self, spec: CredentialSpec, *, missing: Missing = Missing.ERROR) -> None:
        request = spec.request
        self._spec = spec
        self._missing = missing
        self._fixed = spec.values()
        self.charset = request.header(CHARSET)
        self._check_fixed_headers()
        self._body = BODIES[request.body](request, self.charset, missing)
        self._url = UrlTemplate(
            request.url, request.query, fixed=self._fixed, charset=self.charset, missing=missing
        )
        self._constant, self._rendered = self._headers()

    def context(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Everything the templates may use, for one message."""
        request = self._spec.request
        return complete(
            message, fixed=self._fixed, to_format=request.to_format, from_format=request.from_format
        )

    def build(self, message: Mapping[str, Any]) -> requests.PreparedRequest:
        """The request for one message; TemplateInvalid or ConfigurationInvalid when it cannot be made."""
        context = self.context(message)
        prepared = requests.PreparedRequest()
        prepared.method = self._spec.request.method
        prepared.url = self._url.render(context)
        prepared.headers = copy_of(self._constant)
        for row in self._rendered:
            if value := render_text(row.value, context, missing=self._missing).strip():
                prepared.headers[row.name] = _header_value(row.name, value)
        body = self._body.write(context)
        prepared.body = body or None
        if body or prepared.method != "GET":
            prepared.headers["Content-Length"] = str(len(body))
        return prepared

    def _check_fixed_headers(self) -> None:
        for name in (CHARSET, CONTENT_TYPE):
            if problem := default_value_problem(name, self._spec.request.header(name)):
                raise ConfigurationInvalid(f"Header {name}: {problem}")

    def _headers(self) -> tuple[CaseInsensitiveDict[str], list[Header]]:
        """Those that are the same for every message, and the rows to fill in for each."""
        constant: CaseInsensitiveDict[str] = CaseInsensitiveDict(_OURS)
        if self._body.content_type:
            constant[CONTENT_TYPE] = fold_charset(self._content_type(), self.charset)
        rows = [row for row in self._spec.request.headers if row.name.lower() not in _FIXED_NAMES]
        later = []
        for row in rows:
            if not _is_template(row.value):
                constant[row.name] = row.value
            elif _is_constant(row.value, self._fixed):
                if value := render_text(row.value, self._fixed, missing=self._missing).strip():
                    constant[row.name] = _header_value(row.name, value)
            else:
                later.append(row)
        return constant, later

    def _content_type(self) -> str:
        """The row's value; without a row what suits the kind of the body."""
        given = (row.value for row in self._spec.request.headers if row.name.lower() == CONTENT_TYPE.lower())
        return next(given, "") or self._body.content_type


def _header_value(name: str, value: str) -> str:
    if problem := value_problem(value):
        raise ConfigurationInvalid(
            f"Header {name}: the value made for this message cannot be sent. {problem}"
        )
    return value


def _is_template(value: str) -> bool:
    return "{{" in value or "{%" in value


def _is_constant(value: str, fixed: Mapping[str, Any]) -> bool:
    return variables_in(value) <= fixed.keys() and "now" not in value and "today" not in value
