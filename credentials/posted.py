"""The credential as it stands in an unsaved form: posted fields as a spec, every secret replaced by a stand-in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final

from credentials.auth.base import AuthConfig
from credentials.headers import is_undeletable
from credentials.loading import listed
from credentials.spec import (
    CredentialSpec,
    Field,
    Header,
    RequestSpec,
    ResponseSpec,
    Rule,
    TextSpec,
    Variable,
)

# Stands where a secret will: letters that mean the same in URLs, headers, JSON and XML.
STAND_IN: Final = "YOUR-SECRET"
_ROW: Final = re.compile(r"([a-z_]+)-(\d+)-([a-z_]+)")
_SECRET_TEXTS: Final = ("api_token", "auth_password")
_AUTH_TEXTS: Final = (
    "provider_app_id", "auth_username", "mac_hash_format", "mac_layout", "mac_secret_encoding", "mac_header",
    "mac_value", "mac_string", "mac_timestamp_format", "mac_extra_headers", "key_location", "key_name",
    "oauth_url", "oauth_encoding", "jwt_algorithm",
)  # fmt: skip
_SAMPLE_KEYS: Final = {"text": "sample", "base64": "c2FtcGxl", "hex": "73616d706c65"}

_Rows = Mapping[str, list[dict[str, str]]]


def spec_of_fields(fields: Mapping[str, Any], *, callback_url: str = "") -> CredentialSpec:
    """The credential a form holds; what is missing has the default of the model."""
    rows = _rows(fields)
    variables = tuple(_variables(rows["variables"]))
    return CredentialSpec(
        vendor=_text(fields, "vendor", "custom"),
        provider_app_id=_text(fields, "provider_app_id"),
        request=_request(fields, rows),
        text=TextSpec(
            encoding=_text(fields, "text_encoding", "as_is"),
            max_length=_length(_text(fields, "max_length")),
            max_length_unicode=_length(_text(fields, "max_length_unicode")),
            split=_text(fields, "split_mode", "requests"),
        ),
        response=ResponseSpec(
            id_path=_text(fields, "message_id_path"),
            ignored_ids=listed(_text(fields, "ignored_ids"), ","),
            code_path=_text(fields, "error_code_path"),
            text_path=_text(fields, "error_text_path"),
            rules=tuple(_rule(row) for row in rows["rules"]),
        ),
        variables=variables,
        auth_type=_text(fields, "auth_type", "none"),
        auth=_auth(fields, {variable.name: variable.value for variable in variables}),
        check_url=_text(fields, "check_url"),
        lookup_url=_text(fields, "lookup_url"),
        status_callback_url=callback_url,
        inbound_callback_url=callback_url,
    )


def _request(fields: Mapping[str, Any], rows: _Rows) -> RequestSpec:
    return RequestSpec(
        url=_text(fields, "provider_url"),
        method=_text(fields, "method", "POST"),
        body=_text(fields, "body_kind", "json"),
        payload=_text(fields, "payload"),
        query=tuple(_field(row) for row in rows["query"]),
        fields=tuple(_field(row) for row in rows["fields"]),
        headers=tuple(_headers(rows["headers"])),
        to_format=_text(fields, "to_format", "international"),
        from_format=_text(fields, "from_format", "international"),
    )


def _rows(fields: Mapping[str, Any]) -> _Rows:
    """Group -> its rows in the order of the form, without those marked for deletion or without a name."""
    found: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for key, value in fields.items():
        if match := _ROW.fullmatch(str(key)):
            found[match[1], int(match[2])][match[3]] = str(value or "")
        elif str(key).endswith("-DELETE") and value:
            group, _, number = str(key).removesuffix("-DELETE").rpartition("-")
            if number.isdigit():
                found[group, int(number)]["deleted"] = "yes"
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for (group, _), row in sorted(found.items(), key=lambda item: (_place(item[1]), item[0])):
        if not row.get("deleted") and (row.get("name") or row.get("outcome")):
            groups[group].append(row)
    return groups


def _place(row: dict[str, str]) -> int:
    """Where the row stands on the page, when the form says so."""
    position = row.get("position", "")
    return int(position) if position.isascii() and position.isdigit() else 0


def _headers(rows: list[dict[str, str]]) -> Iterator[Header]:
    for row in rows:
        name, value = row["name"], row.get("value", "")
        if row.get("secret"):
            yield Header(name, STAND_IN, secret=True)
        elif value or not is_undeletable(name):
            # A value kept from before is not shown in the form, so the browser sends none.
            yield Header(name, value or STAND_IN)


def _variables(rows: list[dict[str, str]]) -> Iterator[Variable]:
    for row in rows:
        secret = bool(row.get("secret"))
        yield Variable(row["name"], STAND_IN if secret else row.get("value", ""), secret=secret)


def _field(row: dict[str, str]) -> Field:
    return Field(row["name"], row.get("value", ""), row.get("when") or "always", row.get("kind") or "text")


def _rule(row: dict[str, str]) -> Rule:
    return Rule(
        statuses=row.get("statuses", ""),
        path=row.get("path", ""),
        test=row.get("test") or "any_of",
        values=listed(row.get("values", ""), "\n"),
        outcome=row["outcome"],
        failure=row.get("failure", ""),
        again_without=listed(row.get("again_without", ""), ","),
    )


def _auth(fields: Mapping[str, Any], known: Mapping[str, str]) -> AuthConfig:
    given = {name: str(fields[name]) for name in _AUTH_TEXTS if fields.get(name)}
    given |= dict.fromkeys(_SECRET_TEXTS, STAND_IN)
    given["api_secret_key"] = _SAMPLE_KEYS.get(given.get("mac_secret_encoding", "text"), "sample")
    given["key_prefix"] = str(fields.get("key_prefix", "Bearer ") or "")
    url = _text(fields, "provider_url")
    plain = SimpleNamespace(**{"provider_app_id": "", **given}, pk=None, revision=0, provider_url=url)
    return AuthConfig.of(plain, variables=known)


def _text(fields: Mapping[str, Any], name: str, default: str = "") -> str:
    return str(fields.get(name) or default).replace("\r\n", "\n")


def _length(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) else None
