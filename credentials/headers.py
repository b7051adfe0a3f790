"""Which headers may go along with a request: RFC 9110 tokens, visible ASCII, none that frame it. Pure."""

from __future__ import annotations

import re
from typing import Final

CONTENT_TYPE: Final = "Content-Type"
CHARSET: Final = "Charset"
# There from the start, really sent, values editable, never deletable.
DEFAULT_HEADERS: Final = {CONTENT_TYPE: "application/json", CHARSET: "UTF-8"}

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
XML_TYPE: Final = "text/xml"
TEXT_TYPE: Final = "text/plain"

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_VISIBLE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_FRAMING: Final = frozenset(
    {
        "connection", "content-encoding", "content-length", "cookie", "expect", "host", "http2-settings",
        "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "via", "accept-encoding",
    }
)  # fmt: skip
_SECRET_NAME: Final = re.compile(r"auth|token|secret|key|cookie|signature|password|credential", re.IGNORECASE)


def is_undeletable(name: str) -> bool:
    """Whether `name` is one of the headers every credential keeps."""
    return any(name.strip().lower() == kept.lower() for kept in DEFAULT_HEADERS)


def name_problem(name: str) -> str:
    """Why `name` cannot be a header name, "" when it can."""
    if not _TOKEN.fullmatch(name):
        return "Use letters, digits and hyphens only, such as X-Api-Version."
    if name.lower() in _FRAMING:
        return f"{name} is set by the gateway itself and cannot be chosen here."
    return ""


def value_problem(value: str) -> str:
    """Why `value` cannot be a header value, "" when it can."""
    if not _VISIBLE.fullmatch(value):
        return "Use one line of visible ASCII characters: no line breaks, no accents, no space at either end."
    return ""


def default_value_problem(name: str, value: str) -> str:
    """Why `value` does not fit one of the two fixed headers, "" when it does."""
    if name.lower() == CHARSET.lower():
        return "" if _is_charset(value) else f"{value!r} is not a known charset. UTF-8 suits nearly all."
    if media_type(value).startswith("multipart/"):
        return "The gateway writes no multipart bodies; choose JSON, a form, XML or text."
    if _MEDIA_TYPE.fullmatch(media_type(value)) and not value_problem(value):
        return ""
    return f"{value!r} is not a media type. Write one such as {JSON_TYPE}."


def media_type(content_type: str) -> str:
    """The media type of a Content-Type value, lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def fold_charset(content_type: str, charset: str) -> str:
    """The Content-Type header as sent: the charset as its parameter, replacing one that stands there."""
    parts = [part.strip() for part in content_type.split(";")]
    kept = [part for part in parts if part and not part.lower().startswith("charset=")]
    return "; ".join([*kept, f"charset={charset}"])


def is_secret_name(name: str) -> bool:
    """Whether a header of that name carries a secret by custom, so that records mask it."""
    return bool(_SECRET_NAME.search(name))


def _is_charset(name: str) -> bool:
    try:
        return "a".encode(name) == b"a"
    except (LookupError, UnicodeError, ValueError):
        return False
