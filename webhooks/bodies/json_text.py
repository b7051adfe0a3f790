"""JSON bodies: numbers as the texts they are, depth bounded before anything is built. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from core.errors import BodyTooDeep, PayloadUnreadable

DEEPEST: Final = 64  # levels of objects and lists

# Text in quotes (also unfinished) is skipped as one piece, so a hostile body costs one pass.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_json(text: str) -> Any:
    """The value; PayloadUnreadable or BodyTooDeep."""
    _refuse_deep(text)
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None, strict=False)
    except json.JSONDecodeError as error:
        raise PayloadUnreadable(
            f"The body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from error


def too_deep() -> BodyTooDeep:
    """The error for a body with too many levels."""
    return BodyTooDeep(f"The body is nested deeper than {DEEPEST} levels.")


def _refuse_deep(text: str) -> None:
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += _STEPS.get(found.group(), 0)
        if depth > DEEPEST:
            raise too_deep()
