"""What a signer is: settings in, signed final bytes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from django.conf import settings
from requests import PreparedRequest
from requests.auth import AuthBase

from core.addresses import target_of
from core.errors import AddressRefused, AuthenticationFailed
from credentials.headers import name_problem, value_problem


@dataclass(frozen=True)
class AuthConfig:
    """The auth part of a credential; `key` names credential and revision, tokens are cached under it."""

    key: str = ""
    provider_app_id: str = ""
    provider_url: str = ""
    api_token: str = field(default="", repr=False)
    api_secret_key: str = field(default="", repr=False)
    mac_hash_format: str = "hmac-sha256:base64"
    key_location: str = "header"
    key_name: str = "Authorization"
    key_prefix: str = "Bearer "
    oauth_url: str = ""
    oauth_body: str = field(default="", repr=False)
    oauth_encoding: str = "form"
    jwt_payload: str = ""
    jwt_algorithm: str = "HS256"

    @classmethod
    def of(cls, credential: Any) -> AuthConfig:
        """The configuration of an ApiCredential, saved or not."""
        names = {item.name for item in fields(cls)} - {"key"}
        values = {name: getattr(credential, name) or "" for name in names}
        return cls(key=f"{credential.pk}:{credential.revision}", **values)


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
        return tuple(filter(None, (self.config.api_token, self.config.api_secret_key)))

    def refresh(self, prepared: PreparedRequest) -> bool:
        """After a 401 to `prepared`: drop the token it carried; True when one more try can help."""
        return False

    def problems(self) -> list[FieldProblem]:
        """What an operator must correct before this can sign."""
        return []

    def warnings(self) -> list[str]:
        """What works, yet should be looked at."""
        return []


def set_header(prepared: PreparedRequest, name: str, value: str) -> None:
    """Set a header on the final request; AuthenticationFailed rather than one that breaks the request."""
    problem = name_problem(name) or value_problem(value)
    if problem:
        raise AuthenticationFailed(f"The API key cannot travel in the header {name!r}. {problem}")
    prepared.headers[name] = value


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
    """`value` with every `{{name}}` of `variables` replaced in its texts; nothing else is a template here."""
    if isinstance(value, dict):
        return {name: filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if isinstance(value, str):
        for name, text in variables.items():
            value = value.replace(f"{{{{{name}}}}}", text).replace(f"{{{{ {name} }}}}", text)
    return value


def is_private_host(url: str) -> bool:
    """Whether the URL's exact host:port is on the list of private providers (SMSGATEWAY_PRIVATE_HOSTS)."""
    try:
        return target_of(url).authority in settings.SMSGATEWAY_PRIVATE_HOSTS
    except AddressRefused:
        return False
