"""What a signer is: settings in, signed final bytes out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final

from django.conf import settings
from requests import PreparedRequest
from requests.auth import AuthBase

from core.addresses import target_of
from core.errors import AddressRefused, AuthenticationFailed
from credentials.headers import name_problem, value_problem


@dataclass(frozen=True)
class AuthConfig:
    """The auth part of a credential; `key` names credential and revision, tokens are cached under it.

    `variables` are the credential's own; `of` has filled them in everywhere but in JSON texts, whose leaves the
    backends fill in from `known`.
    """

    key: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    provider_app_id: str = ""
    provider_url: str = ""
    api_token: str = field(default="", repr=False)
    api_secret_key: str = field(default="", repr=False)
    auth_username: str = ""
    auth_password: str = field(default="", repr=False)
    mac_hash_format: str = "hmac-sha256:base64"
    mac_layout: str = "ts-nonce"
    mac_secret_encoding: str = "text"  # noqa: S105  a choice, no secret
    mac_header: str = "Authorization"
    mac_value: str = "{{signature}}"
    mac_string: str = ""
    mac_timestamp_format: str = "unix"
    mac_extra_headers: str = ""
    key_location: str = "header"
    key_name: str = "Authorization"
    key_prefix: str = "Bearer "
    oauth_url: str = ""
    oauth_body: str = field(default="", repr=False)
    oauth_encoding: str = "form"
    oauth_client_auth: str = "body"
    oauth_token_path: str = ""
    oauth_expiry_path: str = ""
    jwt_payload: str = ""
    jwt_algorithm: str = "HS256"
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name in _NEVER_BLANK:
            if not getattr(self, name):
                object.__setattr__(self, name, getattr(type(self), name))

    @classmethod
    def of(cls, credential: Any, *, variables: Mapping[str, str] | None = None) -> AuthConfig:
        """The configuration of an ApiCredential, saved or not; what it lacks keeps its default."""
        app_id = getattr(credential, "provider_app_id", "") or ""
        known = {"providerAppId": app_id, **(variables or {})}
        ready: dict[str, Any] = {}
        for item in fields(cls):
            if item.name not in {"key", "variables"}:
                value = getattr(credential, item.name, item.default) or ""
                ready[item.name] = value if item.name in _JSON_TEXTS else filled(value, known)
        pk = getattr(credential, "pk", None)
        key = f"{pk}:{getattr(credential, 'revision', 0)}" if pk else ""
        return cls(key=key, variables=dict(variables or {}), **ready)

    @property
    def known(self) -> dict[str, str]:
        """Values of `{{name}}` in JSON texts."""
        return {"providerAppId": self.provider_app_id, "apiToken": self.api_token, **self.variables}


_JSON_TEXTS: Final = frozenset({"oauth_body", "jwt_payload"})
# Left blank they mean their default; elsewhere blank means blank.
_NEVER_BLANK: Final = (
    "mac_layout", "mac_secret_encoding", "mac_header", "mac_value", "mac_timestamp_format",
    "key_location", "oauth_encoding", "oauth_client_auth",
)  # fmt: skip
PLACEHOLDER: Final = re.compile(r"\{\{ *([A-Za-z]\w*) *\}\}")


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with a form field, and what to do about it."""

    field: str
    text: str


class AuthBackend(AuthBase):
    """A `requests` auth that signs the final bytes; one for each credential revision, shared by threads."""

    kind: ClassVar[str]
    label: ClassVar[str]
    # Form fields in screen order; those in `required` must be filled in.
    fields: ClassVar[tuple[str, ...]]
    required: ClassVar[frozenset[str]]

    def __init__(self, config: AuthConfig) -> None:
        self.config = config

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign `r`, whose URL and body are final; AuthenticationFailed when the settings cannot sign."""
        raise NotImplementedError

    def secrets(self) -> tuple[str, ...]:
        """Values that records must mask."""
        config = self.config
        return tuple(filter(None, (config.api_token, config.api_secret_key, config.auth_password)))

    def refresh(self, prepared: PreparedRequest) -> bool:
        """After a 401 to `prepared`: drop the token it carried; True when one more try can help."""
        return False

    def problems(self) -> list[FieldProblem]:
        """What an operator must correct before this can sign."""
        return []

    def warnings(self) -> list[str]:
        """What works, yet should be looked at."""
        return []


def set_header(prepared: PreparedRequest, name: str, value: str) -> str:
    """Set a header on the final request, give its value; AuthenticationFailed rather than break the request."""
    problem = name_problem(name) or value_problem(value)
    if problem:
        raise AuthenticationFailed(f"The authentication cannot be written to the header {name!r}. {problem}")
    if prepared.headers is not None:
        prepared.headers[name] = value
    return value


def json_object(text: str, *, what: str) -> dict[str, Any]:
    """Parse operator text that must be a JSON object; ValueError with line and column."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{what} is not valid JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise ValueError(f"{what} is nested too deeply.") from error
    if not isinstance(value, dict):
        raise ValueError(f'{what} must be a JSON object, such as {{"name": "value"}}.')
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; use a number or a text in quotes.")


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """`value` with every `{{name}}` of `variables` replaced in its texts, once: what a value holds stays as it is."""
    if isinstance(value, dict):
        return {name: filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if isinstance(value, str) and "{{" in value:
        return PLACEHOLDER.sub(lambda match: variables.get(match[1], match[0]), value)
    return value


def is_private_host(url: str) -> bool:
    """Whether the URL's exact host:port is on the list of private providers (SMSGATEWAY_PRIVATE_HOSTS)."""
    try:
        return target_of(url).authority in settings.SMSGATEWAY_PRIVATE_HOSTS
    except AddressRefused:
        return False
