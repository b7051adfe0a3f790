"""From the tables of a preset to the parts of a credential. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

from credentials.auth.base import AuthConfig
from credentials.headers import is_secret_name
from credentials.spec import Field, Header, RequestSpec, ResponseSpec, Rule, TextSpec
from credentials.vendors.format import AUTH_FIELDS

_MARKUP: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
ANYTHING: Final = "*"

_Table = Mapping[str, Any]


def as_text(value: Any) -> str:
    """An input as text: true is "true", false is blank, a list has commas."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def header_rows(value: Any) -> list[dict[str, Any]]:
    """Headers given as a table of names, or as lines `Name: value`."""
    pairs = value.items() if isinstance(value, Mapping) else _lines(as_text(value))
    return [
        {"name": str(name), "value": as_text(text), "secret": is_secret_name(str(name))}
        for name, text in pairs
    ]


def request_of(table: _Table) -> RequestSpec:
    """The request part of a credential."""
    return RequestSpec(
        url=table.get("url", ""),
        method=table.get("method", "POST"),
        body=table.get("body", "json"),
        payload=payload_text(table.get("payload", "")),
        query=tuple(Field(**row) for row in table.get("query", ())),
        fields=tuple(Field(**row) for row in table.get("fields", ())),
        headers=tuple(Header(**row) for row in table.get("headers", ())),
        to_format=table.get("to_format", "international"),
        from_format=table.get("from_format", "international"),
    )


def text_of(table: _Table) -> TextSpec:
    """How texts are written and split; a length that is no number splits nothing."""
    length = as_text(table.get("max_length", "")).strip()
    return TextSpec(
        encoding=table.get("encoding", "as_is"),
        max_length=int(length) or None if length.isascii() and length.isdigit() else None,
        split=table.get("split", "requests"),
    )


def response_of(table: _Table, codes: Mapping[str, str]) -> ResponseSpec:
    """How answers are read."""
    return ResponseSpec(
        id_path=table.get("id", ""),
        ignored_ids=_listed(table.get("ignore_ids", ())),
        code_path=table.get("code", ""),
        text_path=table.get("text", ""),
        rules=tuple(_rule(row) for row in table.get("rules", ())),
        codes=MappingProxyType(dict(codes)),
    )


def auth_of(data: Mapping[str, Any], app_id: str, known: Mapping[str, str]) -> AuthConfig:
    """The signer's settings, variables filled in."""
    given = {name: value for name, value in data.get("auth", {}).items() if name in AUTH_FIELDS}
    url = data.get("request", {}).get("url", "")
    plain = SimpleNamespace(pk="", revision=0, provider_app_id=app_id, provider_url=url, **given)
    return replace(AuthConfig.of(plain, variables=known), key="")


def _rule(row: _Table) -> Rule:
    rest = {name: value for name, value in row.items() if name != "status"}
    rest.setdefault("test", "any_of" if row.get("values") else "always")
    rest["values"] = tuple(as_text(value) for value in row.get("values", ()))
    rest["again_without"] = tuple(row.get("again_without", ()))
    return Rule(statuses=row.get("status", ""), **rest)


def holds(wanted: Any, value: str) -> bool:
    """Whether an input's value is what a variant's `when` asks for; "*": anything but nothing."""
    return bool(value) if wanted == ANYTHING else value == as_text(wanted)


def laid_over(table: _Table, change: _Table) -> dict[str, Any]:
    """A webhook table with a variant's: tables are merged, the variant's rules come first, other lists replace."""
    found = dict(table)
    for name, value in change.items():
        known = found.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            found[name] = laid_over(known, value)
        elif name == "rules":
            found[name] = [*value, *(known or ())]
        else:
            found[name] = value
    return found


def payload_text(text: str) -> str:
    """A payload as it is kept: one line break at its end, none when there is nothing."""
    return text.strip() + "\n" if text.strip() else ""


def _listed(value: Any) -> tuple[str, ...]:
    pieces = value.split(",") if isinstance(value, str) else value
    return tuple(piece.strip() for piece in pieces if piece.strip())


def _lines(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def names_in(value: Any) -> Iterator[str]:
    """Every word inside {{…}} or {%…%} of any text within."""
    if isinstance(value, str):
        for markup in _MARKUP.findall(value):
            yield from _WORD.findall(markup)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from names_in(name)
            yield from names_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names_in(item)
