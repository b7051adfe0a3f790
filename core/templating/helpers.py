"""Our own helper functions: numbers, encodings and signatures as providers want them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

import phonenumbers
from liquid.builtin.filters.misc import date as liquid_date
from liquid.filter import string_filter

from core.clock import now
from core.errors import TemplateInvalid
from core.templating.functions import FUNCTIONS
from core.templating.links import track

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class RawBytes(str):
    """Bytes on their way into a query or form; as text they are their own hexadecimal form."""

    data: bytes

    def __new__(cls, data: bytes) -> RawBytes:
        """Keep the bytes beside the text."""
        made = super().__new__(cls, data.hex())
        made.data = data
        return made


@string_filter
def digits(value: str) -> str:
    """Only the digits 0-9: a number without + and blanks."""
    return "".join(character for character in value if "0" <= character <= "9")


@string_filter
def strip_plus(value: str) -> str:
    """A number without its leading +."""
    return value.removeprefix("+")


@string_filter
def national(value: str) -> str:
    """A number without + and country code; what is no such number stays as it is."""
    if not value.startswith("+"):
        return value
    try:
        return phonenumbers.national_significant_number(phonenumbers.parse(value))
    except phonenumbers.NumberParseException:
        return value


def to_json(value: object) -> str:
    """The value as JSON text, quotes included."""
    return json.dumps(value, ensure_ascii=False, default=str)


@string_filter
def urlencode(value: str) -> str:
    """Percent-encoded for any place in a URL; a blank becomes %20."""
    return quote(_bytes(value), safe="")


@string_filter
def xml(value: str) -> str:
    """Escaped for XML text and attributes; characters XML does not know are dropped."""
    return escape(_NOT_XML.sub("", value), {'"': "&quot;", "'": "&apos;"})


@string_filter
def hex_ucs2(value: str) -> str:
    """The text's UTF-16 (big endian) units in hexadecimal, small letters."""
    return _utf16(value).hex()


@string_filter
def utf16be(value: str) -> str:
    """The text's UTF-16 bytes (big endian), percent-encoded as they are in a query or form."""
    return RawBytes(_utf16(value))


@string_filter
def hexadecimal(value: str) -> str:
    """The text's UTF-8 bytes, or those of `utf16be`, in hexadecimal, small letters."""
    return _bytes(value).hex()


@string_filter
def to_base64(value: str) -> str:
    """Base64 of the text's UTF-8 bytes, or of those of `utf16be`."""
    return base64.b64encode(_bytes(value)).decode("ascii")


@string_filter
def base64url(value: str) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(_bytes(value)).decode("ascii").rstrip("=")


def _bytes(value: str) -> bytes:
    """What an encoding or a digest is made of: the bytes `utf16be` gave, else the text in UTF-8."""
    return value.data if isinstance(value, RawBytes) else _utf8(value)


def _utf8(value: str) -> bytes:
    return value.encode("utf-8", "replace")


def _utf16(value: str) -> bytes:
    return value.encode("utf-16-be", "surrogatepass")


def _shown(digest: bytes, form: str) -> str:
    if form not in _FORMS:
        raise TemplateInvalid(f"{form!r} is no way to write a digest. Use 'hex', 'base64' or 'base64url'.")
    return _FORMS[form](digest)


_FORMS: Final[dict[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "base64": lambda digest: base64.b64encode(digest).decode("ascii"),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode("ascii").rstrip("="),
}


def _digest(name: str) -> Callable[..., str]:
    @string_filter
    def digest(value: str, form: object = "hex") -> str:
        return _shown(hashlib.new(name, _bytes(value), usedforsecurity=False).digest(), str(form))

    return digest


def _hmac(name: str) -> Callable[..., str]:
    @string_filter
    def signature(value: str, key: object = "", form: object = "hex") -> str:
        if not str(key):
            raise TemplateInvalid(
                f"hmac_{name} needs a key: {{{{ message | hmac_{name}: merchant_secret }}}}."
            )
        return _shown(hmac.new(_utf8(str(key)), _bytes(value), name).digest(), str(form))

    return signature


def date(value: Any, form: Any = "%Y-%m-%d", **options: Any) -> Any:
    """A moment in the form given; seconds since 1970 by %s.

    In UTC where it was given in UTC, or without a zone as a number, 'now' or 'today'.
    """
    moment = _utc(value)
    if moment is None:
        return liquid_date(value, form, **options)
    text = (
        str(form)
        .replace("%s", str(int(moment.timestamp())))
        .replace("%L", f"{moment.microsecond // 1000:03}")
    )
    return moment.strftime(text)


date.with_environment = getattr(liquid_date, "with_environment", False)  # type: ignore[attr-defined]
date.with_context = getattr(liquid_date, "with_context", False)  # type: ignore[attr-defined]


def _utc(value: Any) -> datetime | None:
    """A text like 2026-01-01T00:00:00Z, seconds since 1970, 'now', or a moment with a zone, in UTC."""
    if isinstance(value, str) and value in {"now", "today"}:
        return now()
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
            return datetime.fromtimestamp(int(value), UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) and value.endswith("Z") else value
    except (ValueError, OverflowError, OSError):
        return None
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else None


OWN: Final[dict[str, Callable[..., Any]]] = {
    "digits": digits,
    "strip_plus": strip_plus,
    "national": national,
    "json": to_json,
    "urlencode": urlencode,
    "xml": xml,
    "hex_ucs2": hex_ucs2,
    "utf16be": utf16be,
    "hex": hexadecimal,
    "base64": to_base64,
    "base64_encode": to_base64,
    "base64url": base64url,
    "date": date,
    "track": track,
    **FUNCTIONS,
    "encode64": to_base64,
    **{name: _digest(name) for name in ("md5", "sha1", "sha256", "sha512")},
    **{f"hmac_{name}": _hmac(name) for name in ("sha1", "sha256", "sha512")},
}
