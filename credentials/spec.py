"""A credential as plain data: the one shape that database, presets and pasted cURL share with the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.segments import Encoding, segment
from core.splitting import smart, split
from credentials.auth.base import AuthConfig, filled
from credentials.headers import DEFAULT_HEADERS


@dataclass(frozen=True)
class Field:
    """A query parameter or body field. `when`: always, not_empty, gsm, unicode; `kind`: text, number, boolean, json."""

    name: str
    value: str
    when: str = "always"
    kind: str = "text"


@dataclass(frozen=True)
class Header:
    """A header row; `secret` values are masked in records."""

    name: str
    value: str
    secret: bool = False


@dataclass(frozen=True)
class Variable:
    """A value the operator named, usable as {{name}}; `label`, `required` and `help` are for the form."""

    name: str
    value: str = field(default="", repr=False)
    secret: bool = False
    label: str = ""
    required: bool = False
    help: str = ""


@dataclass(frozen=True)
class RequestSpec:
    """What is sent: `url` and all values may hold {{…}}; `body` is json, form, xml, text or none.

    `payload` is the body's template; `fields` are added to it, or make the body alone when it is blank.
    """

    url: str = ""
    method: str = "POST"
    body: str = "json"
    payload: str = ""
    query: tuple[Field, ...] = ()
    fields: tuple[Field, ...] = ()
    headers: tuple[Header, ...] = ()
    to_format: str = "international"
    from_format: str = "international"

    def header(self, name: str) -> str:
        """One of the two fixed headers, its default when it is not among the rows."""
        found = (row.value for row in self.headers if row.name.lower() == name.lower())
        return next(found, "") or DEFAULT_HEADERS[name]


@dataclass(frozen=True)
class TextSpec:
    """`encoding` is as_is or smart; `max_length` characters for each request, None: the provider splits.

    `max_length_unicode` is the limit of texts that are not GSM-7, None: the same.
    """

    encoding: str = "as_is"
    max_length: int | None = None
    split: str = "requests"
    max_length_unicode: int | None = None

    def cut(self, text: str) -> tuple[str, list[str]]:
        """The text with its characters replaced as wanted, and the texts it is cut into."""
        whole = smart(text) if self.encoding == "smart" else text
        return whole, split(whole, self.limit_of(whole))

    def limit_of(self, text: str) -> int | None:
        """Characters of one request of this text."""
        if self.max_length_unicode and segment(text).encoding == Encoding.UCS2:
            return self.max_length_unicode
        return self.max_length


@dataclass(frozen=True)
class Rule:
    """If the answer's status and the value at `path` fit, then `outcome`; see `credentials.choices.Test`.

    `again_without` names variables to empty for one more try of the same message.
    """

    statuses: str = ""
    path: str = ""
    test: str = "any_of"
    values: tuple[str, ...] = ()
    outcome: str = "failed"
    failure: str = ""
    again_without: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResponseSpec:
    """How an answer is read: value paths (core.value_paths), rules in order, code -> FailureClass value."""

    id_path: str = ""
    ignored_ids: tuple[str, ...] = ()
    code_path: str = ""
    text_path: str = ""
    rules: tuple[Rule, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CredentialSpec:
    """Everything the engine needs to talk to a provider; `revision` is 0 for one that is not saved."""

    revision: int = 0
    vendor: str = "custom"
    provider_app_id: str = ""
    request: RequestSpec = RequestSpec()
    text: TextSpec = TextSpec()
    response: ResponseSpec = ResponseSpec()
    variables: tuple[Variable, ...] = ()
    auth_type: str = "none"
    auth: AuthConfig = field(default_factory=AuthConfig)
    check_url: str = ""
    lookup_url: str = ""
    status_callback_url: str = ""
    inbound_callback_url: str = ""
    webhook: Mapping[str, Any] = field(default_factory=dict)  # the `[webhook]` table, see webhooks.spec
    # Values that records mask besides those of auth, headers and variables: tokens of callback URLs.
    further_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def judging(self) -> ResponseSpec:
        """The response part with credential variables filled in where rules name values; blank ones are dropped."""
        known = {variable.name: variable.value for variable in self.variables}
        rules = tuple(
            replace(rule, values=tuple(value for value in filled(list(rule.values), known) if value))
            for rule in self.response.rules
        )
        return replace(self.response, rules=rules)

    def values(self) -> dict[str, Any]:
        """What templates may use of the credential itself."""
        return {
            "providerAppId": self.provider_app_id,
            "apiToken": self.auth.api_token,
            "statusCallbackUrl": self.status_callback_url,
            "inboundCallbackUrl": self.inbound_callback_url,
            **{variable.name: variable.value for variable in self.variables},
        }
