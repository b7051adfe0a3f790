"""A callback's bytes as plain values: JSON, form fields or query. Pure: no Django, no models."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from core.errors import BodyTooDeep, PayloadUnreadable

DEEPEST = 64  # levels of objects and lists
MOST_FIELDS = 200  # form fields or query parameters

# Text in quotes (also unfinished) is skipped as one piece, so a hostile body costs one pass.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


def read_body(*, content_type: str, query: str, body: bytes) -> Any:
    """The callback as dicts, lists, str, bool and None; every JSON number stays the text it was.

    Members of a JSON object and form fields win over query parameters of the same name; of a repeated name
    the last one counts. Raises PayloadUnreadable or BodyTooDeep.
    """
    parameters = _fields(query)
    if not body.strip():
        return parameters
    text = _decode(body, content_type)
    if "json" in content_type.lower() or text.lstrip()[:1] in ("{", "["):
        value = _json(text)
        return {**parameters, **value} if isinstance(value, dict) else value
    return {**parameters, **_fields(text)}


def _decode(body: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type)
    try:
        charset = codecs.lookup(named.group(1)).name if named else json.detect_encoding(body)
        return body.decode(charset, "replace").removeprefix("\ufeff")
    except (LookupError, ValueError):  # unknown charset, or a codec that makes no text
        return body.decode("utf-8", "replace")


def _json(text: str) -> Any:
    _refuse_deep(text)
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None, strict=False)
    except json.JSONDecodeError as error:
        raise PayloadUnreadable(
            f"The body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from error


def _refuse_deep(text: str) -> None:
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found.group(), 0)
        if depth > DEEPEST:
            raise BodyTooDeep(f"The body is nested deeper than {DEEPEST} levels.")


def _fields(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise PayloadUnreadable(f"The callback has more than {MOST_FIELDS} fields.") from error
