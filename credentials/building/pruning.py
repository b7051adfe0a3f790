"""Leaving members out of a payload that start with a callback URL while there is no such URL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from credentials.building.rows import CALLBACK

_NAMES: Final = ("statusCallbackUrl", "inboundCallbackUrl")
_NOTHING: Final = object()


def without_missing_callbacks(source: str, context: Mapping[str, Any]) -> str:
    """The JSON payload without those members, and without what that empties."""
    empty = tuple(name for name in _NAMES if not context.get(name))
    return _without(source, empty) if empty else source


@lru_cache(maxsize=256)
def _without(source: str, variables: tuple[str, ...]) -> str:
    if not any(name in source for name in variables):
        return source
    try:
        content = json.loads(source)
    except (ValueError, RecursionError):
        return source  # the template says what is wrong, with line and column
    kept = _prune(content, variables)
    return json.dumps({} if kept is _NOTHING else kept, ensure_ascii=False)


def _prune(value: Any, variables: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        match = CALLBACK.match(value)
        return _NOTHING if match and match[1] in variables else value
    if isinstance(value, dict):
        members = {name: _prune(item, variables) for name, item in value.items()}
        kept_members = {name: item for name, item in members.items() if item is not _NOTHING}
        return kept_members if kept_members or not value else _NOTHING
    if isinstance(value, list):
        items = [item for item in (_prune(item, variables) for item in value) if item is not _NOTHING]
        return items if items or not value else _NOTHING
    return value
