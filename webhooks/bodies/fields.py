"""Form fields and query parameters out of their raw bytes. Pure."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from core.errors import PayloadUnreadable
from webhooks.bodies.charsets import decoded, is_known

MOST_FIELDS = 200  # form fields or query parameters


def read_fields(data: bytes, charset: str = "", charset_field: str = "") -> dict[str, str]:
    """Name -> value of `a=b&c=d`; `charset_field` is the one that says in which charset the others are."""
    data = data.strip()
    if data.count(b"&") >= MOST_FIELDS:
        raise PayloadUnreadable(f"The callback has more than {MOST_FIELDS} fields.")
    pairs = (piece.partition(b"=") for piece in data.split(b"&") if piece)
    raw = {_unquoted(name).decode("utf-8", "replace"): value for name, _, value in pairs}
    charset = charset or "utf-8"
    if charset_field in raw:
        named = _unquoted(raw[charset_field]).decode("ascii", "replace").strip()
        charset = named if is_known(named) else charset
    if charset == "utf-8":
        return {name: _unquoted(value).decode("utf-8", "replace") for name, value in raw.items()}
    return {name: decoded(_unquoted(value), charset) for name, value in raw.items()}


def _unquoted(data: bytes) -> bytes:
    if b"+" in data:
        data = data.replace(b"+", b" ")
    return unquote_to_bytes(data) if b"%" in data else data
