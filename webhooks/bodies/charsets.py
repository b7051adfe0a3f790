"""Which characters the bytes of a callback are. Pure."""

from __future__ import annotations

import codecs
import json
import re
from functools import lru_cache
from typing import Final

_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
# GSM 03.38: one septet in each byte, 0x1B leads into the extension table.
_GSM7: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION: Final = {
    "\n": "\f", "Λ": "^", "(": "{", ")": "}", "/": "\\", "<": "[", "=": "~", ">": "]", "¡": "|", "e": "€",
}  # fmt: skip
_OTHER_NAMES: Final = {
    "ucs-2": "utf-16-be",
    "ucs2": "utf-16-be",
    "ucs-2be": "utf-16-be",
    "gsm": "gsm7",
    "gsm-7": "gsm7",
}


def charset_of(content_type: str) -> str:
    """The charset a Content-Type names; "" when it names none that makes text."""
    found = _CHARSET.search(content_type)
    return found[1] if found and is_known(found[1]) else ""


@lru_cache(maxsize=256)
def is_known(charset: str) -> bool:
    """Whether bytes of that name can be made text."""
    name = _OTHER_NAMES.get(charset.lower(), charset)
    if name == "gsm7":
        return True
    try:
        return bool(name) and codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def decoded(data: bytes, charset: str = "") -> str:
    """The bytes as text, without a byte order mark; without a charset as JSON is told apart (UTF-8, -16, -32)."""
    name = _OTHER_NAMES.get(charset.lower(), charset)
    if name == "gsm7":
        return from_gsm7(data)
    try:
        return data.decode(name or json.detect_encoding(data), "replace").removeprefix("\ufeff")
    except (LookupError, ValueError):  # a codec that has no way to replace what it cannot read
        return data.decode("utf-8", "replace")


def from_gsm7(data: bytes) -> str:
    """Unpacked GSM 03.38 septets as text; a byte over 0x7F is replaced."""
    characters = [_GSM7[byte] if byte < 128 else "\ufffd" for byte in data]
    found, escaped = [], False
    for character in characters:
        if character == "\x1b" and not escaped:
            escaped = True
            continue
        found.append(_GSM7_EXTENSION.get(character, character) if escaped else character)
        escaped = False
    return "".join(found).replace("\x1b", " ")
