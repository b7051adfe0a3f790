"""From a credential to a preset, and from a preset to its file. Secrets stay behind: they become inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

import tomli_w

from credentials.auth import BACKENDS
from credentials.auth.base import AuthConfig
from credentials.headers import is_secret_name
from credentials.spec import CredentialSpec, Field, Header, RequestSpec, ResponseSpec, Rule, TextSpec
from credentials.vendors.format import AUTH_FIELDS, FORMAT
from credentials.vendors.preset import Preset

_SECRET_FIELDS: Final = frozenset(
    {"api_token", "api_secret_key", "auth_password", "oauth_body", "client_certificate", "client_key"}
)
_TEXT_KEYS: Final = ("encoding", "max_length", "max_length_unicode", "split")
_CERTIFICATE: Final = ("client_certificate", "client_key")
_AUTH_DEFAULTS: Final = {item.name: item.default for item in fields(AuthConfig)}
_SHORTEST_SWEPT: Final = 4  # characters: shorter secrets would turn up everywhere
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


def to_toml(preset: Preset) -> str:
    """The preset as its file."""
    return tomli_w.dumps(dict(preset.data), multiline_strings=True)


def preset_from_spec(spec: CredentialSpec, *, label: str, slug: str = "", **top: str) -> Preset:
    """A preset that makes this credential again once its secrets are filled in.

    `top`: further keys of the top, such as provider_name, country, docs_url, app_id_hint, where_to_paste.
    """
    return Preset(slug or spec.vendor, MappingProxyType(_Writer(spec).data(label, top)))


class _Writer:
    """Collects the inputs while the tables are written."""

    def __init__(self, spec: CredentialSpec) -> None:
        self.spec = spec
        self.inputs: dict[str, dict[str, Any]] = {
            item.name: _without_blanks(
                label=item.label or item.name,
                help=item.help,
                secret=item.secret,
                required=item.required,
                default="" if item.secret else item.value,
            )
            for item in spec.variables
        }
        # Value -> variable: a value that is a variable's is written as that variable.
        self.secrets = {item.value: item.name for item in spec.variables if item.secret and item.value}
        self.values = {item.value: item.name for item in spec.variables if item.value}

    def data(self, label: str, top: Mapping[str, str]) -> dict[str, Any]:
        """The whole file."""
        spec = self.spec
        if spec.provider_app_id or "providerAppId" in repr(spec.request):
            self.inputs["provider_app_id"] = _without_blanks(
                label="Provider AppId", field="provider_app_id", default=spec.provider_app_id
            )
        auth = self._auth()
        tables = {
            "request": self._request(spec.request),
            "text": _changed(spec.text, TextSpec(), {name: name for name in _TEXT_KEYS}),
            "auth": auth,
            "response": _response(spec.response),
            "codes": dict(spec.response.codes),
            "webhook": dict(spec.webhook),
        }
        head = _without_blanks(label=label, **top, check_url=spec.check_url, lookup_url=spec.lookup_url)
        body = {name: table for name, table in tables.items() if table or name == "request"}
        swept: dict[str, Any] = self._swept({**head, **body})
        plain = {name: swept.pop(name) for name in head}
        inputs = {"inputs": self._open_inputs()} if self.inputs else {}
        return {"format": FORMAT, **plain, **inputs, **swept}

    def _request(self, request: RequestSpec) -> dict[str, Any]:
        names = {
            "method": "method",
            "body": "body",
            "payload": "payload",
            "to_format": "to_format",
            "from_format": "from_format",
        }
        rows = {
            "query": [self._row(row) for row in request.query],
            "fields": [self._row(row) for row in request.fields],
            "headers": [self._header(row) for row in request.headers],
        }
        return {
            "url": request.url,
            **_changed(request, RequestSpec(), names),
            **{name: found for name, found in rows.items() if found},
        }

    def _row(self, row: Field) -> dict[str, Any]:
        value = self._kept_back(row.name, row.value, secret=is_secret_name(row.name))
        return {
            "name": row.name,
            "value": value,
            **_changed(row, Field("", ""), {"when": "when", "kind": "kind"}),
        }

    def _header(self, row: Header) -> dict[str, Any]:
        secret = row.secret or is_secret_name(row.name)
        value = self._kept_back(row.name, row.value, secret=secret)
        return {"name": row.name, "value": value, **({"secret": True} if row.secret else {})}

    def _kept_back(self, name: str, value: str, *, secret: bool) -> str:
        """The value, or the variable that takes the place of a secret one."""
        if not secret or not value or "{{" in value or "{%" in value:
            return value
        if value not in self.secrets:
            self.secrets[value] = self._new_input(_as_name(name), label=name)
        return f"{{{{{self.secrets[value]}}}}}"

    def _new_input(self, name: str, **row: Any) -> str:
        while name in self.inputs:
            name += "_2"
        self.inputs[name] = {**row, "secret": True, "required": True}
        return name

    def _auth(self) -> dict[str, Any]:
        config, kind = self.spec.auth, self.spec.auth_type
        found: dict[str, Any] = {"type": kind}
        for name in (*BACKENDS[kind].fields, *_CERTIFICATE):
            value = getattr(config, name, "")
            if name not in AUTH_FIELDS or value == _AUTH_DEFAULTS[name]:
                continue
            if value in self.values:
                found[name] = f"{{{{{self.values[value]}}}}}"
            elif name in _SECRET_FIELDS and not _is_open(name, value):
                self._new_input(name, label=_LABELS[name], field=name)
                self.secrets.setdefault(value, "")
            else:
                found[name] = value
        return found

    def _open_inputs(self) -> dict[str, dict[str, Any]]:
        """The inputs, without a default that holds a secret."""
        known = [secret for secret in self.secrets if len(secret) >= _SHORTEST_SWEPT]
        return {
            name: {key: text for key, text in row.items() if key != "default" or not _holds_any(text, known)}
            for name, row in self.inputs.items()
        }

    def _swept(self, value: Any) -> Any:
        """The same without any known secret, wherever it was typed."""
        if isinstance(value, Mapping):
            return {name: self._swept(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._swept(item) for item in value]
        if isinstance(value, str):
            for secret, name in self.secrets.items():
                if len(secret) >= _SHORTEST_SWEPT:
                    value = value.replace(secret, f"{{{{{name}}}}}" if name else "…")
        return value


_LABELS: Final[Mapping[str, str]] = {
    "api_token": "API Token",
    "api_secret_key": "API Secret Key",
    "auth_password": "Password",
    "oauth_body": "OAuth Body",
    "client_certificate": "Client certificate",
    "client_key": "Client key",
}


def _response(response: ResponseSpec) -> dict[str, Any]:
    names = {"id_path": "id", "code_path": "code", "text_path": "text"}
    found = _changed(response, ResponseSpec(), names)
    if response.ignored_ids:
        found["ignore_ids"] = list(response.ignored_ids)
    if response.rules:
        found["rules"] = [_rule(rule) for rule in response.rules]
    return found


def _rule(rule: Rule) -> dict[str, Any]:
    names = {"statuses": "status", "path": "path", "failure": "failure"}
    found = {**_changed(rule, Rule(), names), "test": rule.test, "outcome": rule.outcome}
    for name in ("values", "again_without"):
        if items := getattr(rule, name):
            found[name] = list(items)
    return found


def _changed(given: Any, default: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """Key -> value of those attributes that are not as they would be anyway."""
    return {
        key: getattr(given, name)
        for name, key in names.items()
        if getattr(given, name) != getattr(default, name) and getattr(given, name) is not None
    }


def _without_blanks(**row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value}


def _holds_any(text: str, secrets: Iterable[str]) -> bool:
    return any(secret in text for secret in secrets)


def _as_name(text: str) -> str:
    name = _NOT_A_NAME.sub("_", text).strip("_").lower() or "value"
    return name if name[0].isalpha() else f"v_{name}"


def _is_open(name: str, value: str) -> bool:
    """Whether an OAuth body holds no secret itself: every such member is a variable."""
    if name != "oauth_body":
        return False
    try:
        members = json.loads(value)
    except ValueError:
        return False
    return all(not is_secret_name(key) or "{{" in text for key, text in _leaves(members))


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = ((key, item) for item in value)
    elif isinstance(value, str):
        yield key, value
    for name, item in items:
        yield from _leaves(item, str(name))
