"""The preset format, version 1: which keys there are, what they hold, and what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, Final

from core.templating import suggestion
from credentials.auth.base import AuthConfig

FORMAT: Final = 1
SCHEMA_FILE: Final = Path(__file__).parent / "preset.schema.json"
AUTH_FIELDS: Final = tuple(
    item.name
    for item in fields(AuthConfig)
    if item.name not in {"key", "variables", "provider_app_id", "provider_url"}
)
# Form field -> (table, key) of a preset; "" is the top of the file.
FIELD_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "provider_url": ("request", "url"),
    "method": ("request", "method"),
    "body_kind": ("request", "body"),
    "payload": ("request", "payload"),
    "to_format": ("request", "to_format"),
    "from_format": ("request", "from_format"),
    "text_encoding": ("text", "encoding"),
    "max_length": ("text", "max_length"),
    "max_length_unicode": ("text", "max_length_unicode"),
    "split_mode": ("text", "split"),
    "message_id_path": ("response", "id"),
    "ignored_ids": ("response", "ignore_ids"),
    "error_code_path": ("response", "code"),
    "error_text_path": ("response", "text"),
    "check_url": ("", "check_url"),
    "lookup_url": ("", "lookup_url"),
    "auth_type": ("auth", "type"),
    **{name: ("auth", name) for name in AUTH_FIELDS},
}
# What an input may fill besides: a table of header rows; the Provider AppId.
HEADERS_FIELD: Final = "headers"
APP_ID_FIELD: Final = "provider_app_id"
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}
_NAMES: Final = {
    "object": "a table",
    "array": "a list",
    "string": "a text in quotes",
    "integer": "a whole number",
    "boolean": "true or false",
}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a preset; the only list of its keys."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


def problems_of(data: Any) -> list[str]:
    """What is wrong with a parsed preset, each with the key at fault; empty when it can be used."""
    if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
        return [
            f"format: this preset was made by a newer version of the gateway (format {data['format']}, this one "
            f"reads up to {FORMAT}). Update the gateway."
        ]
    found = list(_faults(data, schema(), ""))
    return found or list(_unknown_names(data))


def webhook_problems(table: Any) -> list[str]:
    """What is wrong with the keys of a `[webhook]` table, each with the key at fault."""
    return list(_faults(table, schema()["$defs"]["webhook"], ""))


def choices_of(table: str, key: str) -> tuple[str, ...]:
    """What the key of a table may hold; () when it is free."""
    top = schema()["properties"]
    properties = _followed(top[table])["properties"] if table else top
    return tuple(properties[key].get("enum", ()))


def _unknown_names(data: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in data.get("inputs", {}).items():
        target = entry.get("field", "")
        if target and target not in {*FIELD_PLACES, HEADERS_FIELD, APP_ID_FIELD}:
            yield f"inputs.{name}.field: there is no form field {target}."
    for index, variant in enumerate(data.get("variants", ())):
        for name in variant["when"]:
            if name not in data.get("inputs", {}):
                yield f"variants[{index}].when: there is no input {name}."


def _faults(value: Any, rule: Mapping[str, Any], place: str) -> Iterator[str]:
    """Check the few words of JSON Schema that the preset's schema uses."""
    rule = _followed(rule)
    where = place or "the file"
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is_kind(value, kind) for kind in kinds):
        hint = (
            " Put the body itself into it: '{\"a\": 1}'."
            if isinstance(value, dict) and "string" in kinds
            else ""
        )
        yield f"{where}: write {' or '.join(_NAMES[kind] for kind in kinds)}.{hint}"
    elif isinstance(value, str):
        yield from _text_faults(value, rule, where)
    elif "enum" in rule and value not in rule["enum"]:
        yield f"{where}: {value!r} is not known; write one of {', '.join(map(str, rule['enum']))}."
    elif isinstance(value, dict):
        yield from _faults_of_table(value, rule, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, rule.get("items", {}), f"{place}[{index}]")


def _text_faults(value: str, rule: Mapping[str, Any], where: str) -> Iterator[str]:
    longest = rule.get("maxLength", len(value))
    if "enum" in rule and value not in rule["enum"]:
        yield f"{where}: {value!r} is not known; write one of {', '.join(map(str, rule['enum']))}."
    elif len(value) > longest:
        yield f"{where}: these are {len(value)} characters; at most {longest} fit."
    elif "\0" in value:
        yield f"{where}: the character U+0000 cannot be kept. Remove it."


def _faults_of_table(value: dict[str, Any], rule: Mapping[str, Any], place: str) -> Iterator[str]:
    known = rule.get("properties", {})
    others = rule.get("additionalProperties", True)
    for name in rule.get("required", ()):
        if name not in value:
            offered = _followed(known.get(name, {})).get("enum", ())
            words = f" Write one of {', '.join(map(str, offered))}." if offered else ""
            yield f"{_joined(place, name)}: this key is missing.{words}"
    for name, item in value.items():
        if name in known:
            yield from _faults(item, known[name], _joined(place, name))
        elif others is False:
            hint = suggestion(name, known) or f"Known: {', '.join(sorted(known))}."
            yield f"{_joined(place, name)}: there is no such key. {hint}"
        elif isinstance(others, dict):
            yield from _faults(item, others, _joined(place, name))


def _followed(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = rule.get("$ref", "")
    found: Mapping[str, Any] = schema()["$defs"][reference.rpartition("/")[2]] if reference else rule
    return found


def _is_kind(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
