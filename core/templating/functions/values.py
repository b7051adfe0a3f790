"""What a template's value is as a text, a number, a list: the one reading all helper functions share."""

from __future__ import annotations

import math
from typing import Any

from core.errors import TemplateInvalid


def text_of(value: Any) -> str:
    """As it is written in a message; nothing for no value."""
    if value is None or _is_absent(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def number_of(value: Any) -> int | float:
    """A number, or a text that is one (TemplateInvalid otherwise)."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        found: int | float = value
    else:
        found = _parsed(text_of(value).strip(), value)
    if isinstance(found, float) and not math.isfinite(found):
        raise TemplateInvalid(f"{shown(value)} is no number to work with.")
    return found


def whole_of(value: Any) -> int:
    """A whole number, such as a position or a count (TemplateInvalid otherwise)."""
    number = number_of(value)
    if isinstance(number, float) and not number.is_integer():
        raise TemplateInvalid(f"{shown(value)} is no whole number.")
    return int(number)


def list_of(value: Any) -> list[Any]:
    """A list; a single value is a list of one, no value an empty one."""
    if value is None or _is_absent(value):
        return []
    if isinstance(value, list | tuple | range):
        return list(value)
    return [value]


def is_absent(value: Any) -> bool:
    """Whether there is no value at all."""
    return value is None or _is_absent(value)


def shown(value: Any) -> str:
    """A value in an error text, not too long."""
    text = text_of(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _is_absent(value: Any) -> bool:
    return hasattr(value, "poke")


def _parsed(text: str, value: Any) -> int | float:
    if len(text) > 40:
        raise TemplateInvalid(f"{shown(value)} is no number.")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise TemplateInvalid(f"{shown(value)} is no number. Write digits, such as 12 or 12.5.") from error
