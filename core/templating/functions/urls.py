"""Helper functions about addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from core.errors import TemplateInvalid
from core.templating.functions.values import shown, text_of


def _split(value: Any) -> SplitResult:
    try:
        return urlsplit(text_of(value).strip())
    except ValueError as error:
        raise TemplateInvalid(f"{shown(value)} is no address.") from error


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "getUrlHost": lambda value: _split(value).hostname or "",
    "getUrlPath": lambda value: _split(value).path,
    "getUrlProtocol": lambda value: _split(value).scheme,
    "urlEncode": lambda value: quote(text_of(value).encode("utf-8", "replace"), safe=""),
    "urlDecode": lambda value: unquote(text_of(value), errors="replace"),
}
