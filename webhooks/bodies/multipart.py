"""Fields of a multipart form; files are left out. Pure."""

from __future__ import annotations

import re
from typing import Final

from core.errors import PayloadUnreadable
from webhooks.bodies.charsets import charset_of, decoded
from webhooks.bodies.fields import MOST_FIELDS

_BOUNDARY: Final = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_DISPOSITION: Final = re.compile(
    rb"^content-disposition\s*:\s*form-data\b(.*)$", re.IGNORECASE | re.MULTILINE
)
_NAME: Final = re.compile(rb';\s*name\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_FILE: Final = re.compile(rb";\s*filename\*?\s*=", re.IGNORECASE)
_TYPE: Final = re.compile(rb"^content-type\s*:(.*)$", re.IGNORECASE | re.MULTILINE)


def read_multipart(content_type: str, body: bytes, charset: str = "") -> dict[str, str]:
    """Name -> value of every field (RFC 7578); PayloadUnreadable without a boundary or with too many fields."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise PayloadUnreadable("The multipart body names no boundary.")
    boundary = b"--" + (found[1] or found[2]).encode("utf-8", "replace")
    parts = (b"\r\n" + body).split(b"\r\n" + boundary)[1:]
    if len(parts) > MOST_FIELDS + 1:
        raise PayloadUnreadable(f"The callback has more than {MOST_FIELDS} fields.")
    fields: dict[str, str] = {}
    for part in parts:
        if not part.startswith(b"--"):  # the end of all parts
            fields.update(_field(part, charset))
    return fields


def _field(part: bytes, charset: str) -> dict[str, str]:
    head, _, value = part.partition(b"\r\n\r\n")
    disposition = _DISPOSITION.search(head.replace(b"\r\n", b"\n"))
    if disposition is None or _FILE.search(disposition[1]):
        return {}
    name = _NAME.search(disposition[1])
    if name is None:
        return {}
    kind = _TYPE.search(head.replace(b"\r\n", b"\n"))
    own = charset_of(kind[1].decode("latin-1")) if kind else ""
    key = (name[1] if name[1] is not None else name[2]).replace(b'\\"', b'"')
    return {key.decode("utf-8", "replace"): decoded(value, own or charset or "utf-8")}
