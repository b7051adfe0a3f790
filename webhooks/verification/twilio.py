"""Twilio's X-Twilio-Signature: base64 HMAC over the URL and the sorted form fields.

SHA-1 with the auth token; SHA-256 where X-Twilio-Webhooks-Signature-Settings names it (shared keys). A JSON body is
covered by its digest in the URL (bodySHA256). There is no timestamp: a repeat is harmless, a MessageSid counts once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Cause, Verdict, refused
from webhooks.verification.scheme import Scheme, same

SIGNATURE: Final = "X-Twilio-Signature"
SETTINGS: Final = "X-Twilio-Webhooks-Signature-Settings"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class Twilio(Scheme):
    """Twilio, and services that speak its language."""

    kind = "twilio"
    label = "Twilio signature"
    help = "Twilio Console > Account > API keys & tokens: the Auth Token (the primary one signs)."
    secret_label = "Auth Token"  # noqa: S105  a label
    signs_url = True

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        given = callback.headers.get(SIGNATURE)
        if given is None:
            return self.missing(SIGNATURE)
        algorithm = _algorithm(callback.headers.get(SETTINGS))
        if algorithm is None:
            return refused(Cause.ALGORITHM, f"The header {SETTINGS} names an algorithm that is not known.")
        if problem := _uncovered(callback):
            return problem
        fields = _fields(callback.body) if _is_form(callback) else b""
        # All spellings are tried, so that the time tells nothing about which one fits.
        fits = [
            same(given, base64.b64encode(hmac.digest(key, url.encode() + fields, algorithm)))
            for url in _spellings(self.site.url_of(callback))
        ]
        if any(fits):
            return ACCEPTED
        return refused(Cause.MISMATCH, self.mismatch)


def _algorithm(settings: str | None) -> str | None:
    if settings is None:
        return "sha1"
    named = dict(item.strip().partition("=")[::2] for item in settings.split(","))
    return {"HMAC_SHA256": "sha256"}.get(named.get("algorithm", ""))


def _is_form(callback: Callback) -> bool:
    kind = callback.content_type.partition(";")[0].strip().lower()
    return kind in ("", "application/x-www-form-urlencoded")


def _uncovered(callback: Callback) -> Verdict | None:
    """A body that is no form must be covered by its digest in the signed URL."""
    if _is_form(callback) or not callback.body:
        return None
    stated = [value for name, value in _query(callback.query) if name == "bodySHA256"]
    if len(stated) != 1:
        return refused(
            Cause.UNCOVERED, "The body is no form, and the URL does not hold its digest (bodySHA256)."
        )
    if not same(stated[0].lower(), hashlib.sha256(callback.body).hexdigest()):
        return refused(Cause.BODY, "The body does not fit its digest in the URL (bodySHA256).")
    return None


def _query(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _fields(body: bytes) -> bytes:
    """Each name with its values; names sorted, values of one name sorted and each of them once."""
    values: dict[bytes, set[bytes]] = {}
    for pair in body.split(b"&"):
        if pair:
            name, _, value = pair.replace(b"+", b" ").partition(b"=")
            values.setdefault(unquote_to_bytes(name), set()).add(unquote_to_bytes(value))
    return b"".join(name + value for name in sorted(values) for value in sorted(values[name]))


def _spellings(url: str) -> list[str]:
    """The URL with and without its port: Twilio has signed either."""
    parts = urlsplit(url)
    host = parts.netloc
    try:
        port = parts.port
    except ValueError:
        return [url]
    bare = host.rpartition(":")[0] if port is not None else host
    other = bare if port is not None else f"{host}:{_DEFAULT_PORTS.get(parts.scheme, 443)}"
    start = f"{parts.scheme}://{host}"
    return [url, f"{parts.scheme}://{other}{url.removeprefix(start)}"]
