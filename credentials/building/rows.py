"""Query and body rows: what each gives for one message, and when it is sent at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus

from core.errors import ConfigurationInvalid
from core.templating import JsonTemplate, Missing, RawBytes, render_value
from credentials.spec import Field

CALLBACK: Final = re.compile(r"\s*\{\{\s*(statusCallbackUrl|inboundCallbackUrl)\s*\}\}")
_ENCODINGS: Final = {"gsm": "GSM-7", "unicode": "UCS-2"}


def rendered(
    rows: Iterable[Field], context: Mapping[str, Any], missing: Missing
) -> Iterator[tuple[Field, Any]]:
    """(row, value) of the rows that are sent with this message."""
    for row in rows:
        if row.when in _ENCODINGS and context["encoding"] != _ENCODINGS[row.when]:
            continue
        if _is_missing_callback(row, context):
            continue
        value = _value(row, context, missing)
        if row.when != "not_empty" or not _is_blank(value):
            yield row, value


def _value(row: Field, context: Mapping[str, Any], missing: Missing) -> Any:
    if row.kind == "json" and row.value.strip():
        return json_template(row.value).render(context, missing=missing)
    return render_value(row.value, context, missing=missing)


@lru_cache(maxsize=1024)
def json_template(source: str) -> JsonTemplate:
    """The compiled JSON of a row or payload; kept, since credentials change seldom."""
    return JsonTemplate(source)


def typed(row: Field, value: Any) -> Any:
    """A JSON row's value as its kind says; ConfigurationInvalid when it cannot be that."""
    if row.kind == "json":
        return value
    if row.kind == "text":
        return as_text(value)
    try:
        return _PARSERS[row.kind](as_text(value))
    except (ValueError, RecursionError) as error:
        raise ConfigurationInvalid(
            f"The field {row.name} gives {as_text(value)[:50]!r} for this message, which is not {_NAMES[row.kind]}.",
            param="fields",
        ) from error


def as_text(value: Any) -> str:
    """A value as a form, a query or a text carries it."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def encoded(pairs: Iterable[tuple[str, Any]], charset: str, *, plus: bool) -> str:
    """`name=value&…`, percent-encoded in `charset`, raw bytes as they are; `plus`: a blank as + (forms)."""
    code = quote_plus if plus else _quote_all
    try:
        return "&".join(
            f"{code(name, encoding=charset, errors='strict')}={_coded(value, code, charset)}"
            for name, value in pairs
        )
    except UnicodeEncodeError as error:
        raise ConfigurationInvalid(
            f"The charset {charset} cannot carry this text; set the header Charset to UTF-8."
        ) from error


def _quote_all(text: str | bytes, **how: str) -> str:
    return quote(text, safe="", **how)


def _coded(value: Any, code: Any, charset: str) -> str:
    if isinstance(value, RawBytes):
        return str(code(value.data))
    return str(code(as_text(value), encoding=charset, errors="strict"))


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _is_missing_callback(row: Field, context: Mapping[str, Any]) -> bool:
    """A row that starts with a callback URL is left out while there is no such URL."""
    match = CALLBACK.match(row.value)
    return match is not None and not context.get(match[1])


def _boolean(text: str) -> bool:
    return _BOOLEANS[text.strip().lower()]


def _number(text: str) -> int | float:
    value = json.loads(text.strip() or "null")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(text)
    return value


class _Booleans(dict[str, bool]):
    def __missing__(self, key: str) -> bool:
        raise ValueError(key)


_BOOLEANS: Final = _Booleans(
    {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
)
_PARSERS: Final[Mapping[str, Any]] = {"number": _number, "boolean": _boolean}
_NAMES: Final = {"number": "a number", "boolean": "true or false"}
