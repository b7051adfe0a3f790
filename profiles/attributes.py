"""What the values of a profile may look like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
LARGEST_BYTES = 16 * 1024
DEEPEST = 5


def check_attributes(value: Any) -> None:
    """ValidationError unless `value` is an object with identifiers as names, at most 16 KiB and 5 levels."""
    if not isinstance(value, dict):
        raise ValidationError('Attributes must be a JSON object such as {"firstName": "Ada"}.')
    _check_names(value, depth=1)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError as error:  # half of a surrogate pair is one too
        raise ValidationError(
            "A value is no number (NaN, Infinity) or holds half a character. Correct it."
        ) from error
    if b"\\u0000" in text:
        raise ValidationError("A text holds a NUL character. Remove it.")
    if len(text) > LARGEST_BYTES:
        raise ValidationError(f"Attributes are larger than {LARGEST_BYTES // 1024} KiB; store less here.")


def _check_names(value: Any, *, depth: int) -> None:
    if depth > DEEPEST:
        raise ValidationError(f"Attributes are nested deeper than {DEEPEST} levels.")
    for name in value if isinstance(value, dict) else ():
        if not NAME.fullmatch(name):
            raise ValidationError(
                f"{name!r} cannot be an attribute name: use letters, digits and _, starting with a letter."
            )
    inner = value.values() if isinstance(value, dict) else value
    for item in inner:
        if isinstance(item, dict | list):
            _check_names(item, depth=depth + 1)


def flat(attributes: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its dotted name (`address.city`), by name: PostgreSQL keeps no order. A list is one value."""
    for name, value in sorted(attributes.items()):
        if isinstance(value, dict) and value:
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def as_text(value: Any) -> str:
    """A value as people read it: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_language(value: str) -> None:
    """ValidationError unless `value` looks like a language tag (BCP 47)."""
    if not LANGUAGE.fullmatch(value):
        raise ValidationError("Write a language tag such as en, pt-BR or zh-Hant.")


def check_time_zone(value: str) -> None:
    """ValidationError unless `value` is a zone of the time zone database."""
    if value not in _time_zones():
        raise ValidationError("Write a time zone such as Europe/Berlin or America/New_York.")


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
