"""From the cells of one record to an entry, or the reason why not; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError

from core.errors import NumberInvalid
from core.numbers import parse_number
from profiles.attributes import check_language
from profiles.entries import Entry, Key, Policy
from profiles.importing.columns import Column, Target, Type

LONGEST_CELL = 2000
LONGEST_EXTERNAL_ID = 100
_YES = frozenset(("yes", "y", "true", "t", "1", "x", "ja", "oui", "si", "sí", "sim"))
_NO = frozenset(("no", "n", "false", "f", "0", "nein", "non", "não", "nee"))
# What a spreadsheet would work out, or a program that opens the file; words that begin with @ or - are none.
_FORMULA = re.compile(r"=\s*[A-Za-z0-9(+\-\"'@$]|[@+\-]\s*[A-Za-z][A-Za-z0-9.]*\(")
_SHORTENED = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
_FIGURE = re.compile(r"[+-]?[0-9]{1,18}([.,][0-9]{1,12})?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_SEVERAL = re.compile(r"[;|,\n]")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHED = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}")


@dataclass(frozen=True)
class Plan:
    """How rows are to be read, and what they mean for a profile that is there."""

    columns: Sequence[Column]
    names: Sequence[str]
    key: Key = Key.EXTERNAL_ID
    policy: Policy = Policy.UPDATE
    country: str = ""


class RowRefused(Exception):
    """A record that cannot be taken; its text says what to correct."""


def read_row(cells: Sequence[str], plan: Plan) -> Entry:
    """One record as an entry; RowRefused when a cell cannot be understood. A blank cell says nothing."""
    if len(cells) > len(plan.names) and any(cell.strip() for cell in cells[len(plan.names) :]):
        raise RowRefused(
            f"The row has {len(cells)} cells and the file {len(plan.names)} columns. "
            "A text that holds the separator needs quotation marks."
        )
    numbers: list[str] = []
    attributes: dict[str, Any] = {}
    values: dict[str, str] = {}
    for column, name, cell in zip(plan.columns, plan.names, cells, strict=False):
        target = column.target
        if not target:
            continue
        text = _checked(cell, name)
        if not text:
            continue
        if target == Target.ATTRIBUTE:
            _put(attributes, column.path, _value(text, column.type, name))
        elif target == Target.NUMBER:
            numbers += _numbers(text, name, plan.country)
        else:
            values[target] = _READERS[target](text, name)
    if plan.key is Key.NUMBER and not numbers:
        raise RowRefused("There is no number in this row.")
    if plan.key is Key.EXTERNAL_ID and Target.EXTERNAL_ID not in values:
        raise RowRefused("There is no external ID in this row.")
    return Entry(
        external_id=values.get(Target.EXTERNAL_ID, ""),
        numbers=tuple(numbers),
        attributes=attributes,
        language=values.get(Target.LANGUAGE),
        time_zone=values.get(Target.TIME_ZONE),
    )


def _checked(cell: str, name: str) -> str:
    text = cell.strip()
    if not text:
        return ""
    if "\0" in text:
        raise RowRefused(f"The column {name} holds a NUL character. Remove it.")
    if len(text) > LONGEST_CELL:
        raise RowRefused(f"The column {name} has over {LONGEST_CELL:,} characters. Shorten it.")
    if text[0] in "=+-@" and _FORMULA.match(text):
        raise RowRefused(f"The column {name} holds a formula. Write its result instead.")
    # What spreadsheets (and our own export) put before a text that must not be worked out.
    return text[1:] if text[0] == "'" and text[1:2] in tuple("=+-@\t\r") else text


def _numbers(text: str, name: str, country: str) -> list[str]:
    return [_number(part.strip(), name, country) for part in _SEVERAL.split(text) if part.strip()]


def _number(text: str, name: str, country: str) -> str:
    text = text.lstrip("'").strip()
    if _SHORTENED.fullmatch(text):
        raise RowRefused(
            f"The column {name} reads {text[:20]}: a spreadsheet has rounded it. "
            "Export it again with the column as text."
        )
    try:
        return parse_number(text, default_country=country)
    except NumberInvalid as error:
        raise RowRefused(f"The column {name}: {error.text}") from error


def _external_id(text: str, name: str) -> str:
    if len(text) > LONGEST_EXTERNAL_ID:
        raise RowRefused(f"The column {name} is longer than {LONGEST_EXTERNAL_ID} characters.")
    if _SHORTENED.fullmatch(text):
        raise RowRefused(
            f"The column {name} reads {text[:20]}: a spreadsheet has rounded it. "
            "Export it again with the column as text."
        )
    return text


def _language(text: str, name: str) -> str:
    tag = text.replace("_", "-")
    try:
        check_language(tag)
    except ValidationError as error:
        raise RowRefused(f"The column {name}: {' '.join(error.messages)}") from error
    if len(tag) > 35:
        raise RowRefused(f"The column {name} is no language tag.")
    return tag


def _time_zone(text: str, name: str) -> str:
    zone = _zones().get(text.casefold())
    if zone is None:
        raise RowRefused(
            f"The column {name}: there is no time zone {text[:40]!r}. Write one such as Europe/Berlin."
        )
    return zone


_READERS: Mapping[str, Callable[[str, str], str]] = {
    Target.EXTERNAL_ID: _external_id,
    Target.LANGUAGE: _language,
    Target.TIME_ZONE: _time_zone,
}


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {zone.casefold(): zone for zone in available_timezones()}


def _value(text: str, kind: str, name: str) -> Any:
    return text if kind == Type.TEXT else _TYPES[kind](text, name)


def _figure(text: str, name: str) -> int | float:
    bare = text.replace("\u00a0", "").replace(" ", "")
    if not _FIGURE.fullmatch(bare):
        raise RowRefused(
            f"The column {name}: {text[:40]!r} is no number. Write it like 1234.5, or read it as text."
        )
    if _THOUSANDS.fullmatch(bare):
        raise RowRefused(
            f"The column {name}: {text[:40]!r} may be read in two ways. Write {bare.replace(',', '')} or "
            f"{bare.replace(',', '.')}0."
        )
    return float(bare.replace(",", ".")) if "." in bare or "," in bare else int(bare)


def _yes_no(text: str, name: str) -> bool:
    word = text.casefold()
    if word not in _YES and word not in _NO:
        raise RowRefused(f"The column {name}: {text[:40]!r} is neither yes nor no.")
    return word in _YES


def _date(text: str, name: str) -> str:
    try:
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year = map(int, found.groups())
            return datetime(year, month, day).date().isoformat()  # noqa: DTZ001 - a day has no zone
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        advice = "may be read in two ways" if _SLASHED.match(text) else "is no date"
        raise RowRefused(f"The column {name}: {text[:40]!r} {advice}. Write it like 2026-01-31.") from error
    return moment.date().isoformat() if len(text) <= 10 else moment.isoformat()


def _list(text: str, name: str) -> list[str]:
    return [part.strip() for part in _SEVERAL.split(text) if part.strip()]


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RowRefused(f"The column {name} is no JSON. Correct it, or read it as text.") from error


_TYPES: Mapping[str, Callable[[str, str], Any]] = {
    Type.NUMBER: _figure, Type.YES_NO: _yes_no, Type.DATE: _date, Type.LIST: _list, Type.JSON: _json,
}  # fmt: skip


def _put(attributes: dict[str, Any], path: str, value: Any) -> None:
    """Set a value by a dotted name."""
    if "." not in path:
        attributes[path] = value
        return
    *above, last = path.split(".")
    for name in above:
        attributes = attributes.setdefault(name, {})
    attributes[last] = value
