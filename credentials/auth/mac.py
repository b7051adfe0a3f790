"""MAC: `Authorization: MAC id, ts, nonce, mac` of the OAuth HTTP MAC drafts (draft-ietf-oauth-v2-http-mac).

Two layouts of the string to sign; every line ends with a line feed:
`ts-nonce` (later drafts, SMSGlobal): ts, nonce, METHOD, path?query, host, port, ext;
`age-nonce` (draft 00): age:random, METHOD, path?query, host, port, hash of the body, ext.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from requests import PreparedRequest

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthBackend, FieldProblem, set_header

_HASHES: Final = {
    "hmac-sha1": hashlib.sha1,
    "hmac-sha256": hashlib.sha256,
    "hmac-sha384": hashlib.sha384,
    "hmac-sha512": hashlib.sha512,
}
# "<algorithm>:<text form>[:<layout>]" -> what the operator reads.
MAC_FORMATS: Final = {
    "hmac-sha256:base64": "HMAC SHA-256, base64",
    "hmac-sha256:hex": "HMAC SHA-256, hexadecimal",
    "hmac-sha1:base64": "HMAC SHA-1, base64",
    "hmac-sha1:hex": "HMAC SHA-1, hexadecimal",
    "hmac-sha384:base64": "HMAC SHA-384, base64",
    "hmac-sha384:hex": "HMAC SHA-384, hexadecimal",
    "hmac-sha512:base64": "HMAC SHA-512, base64",
    "hmac-sha512:hex": "HMAC SHA-512, hexadecimal",
    "hmac-sha256:base64:age-nonce": "HMAC SHA-256, base64, draft 00 with body hash",
    "hmac-sha1:base64:age-nonce": "HMAC SHA-1, base64, draft 00 with body hash",
}
_QUOTABLE: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")


@dataclass(frozen=True)
class MacFormat:
    """Algorithm, text form of digests (base64 or hex) and layout of the string to sign."""

    algorithm: str
    encoding: str = "base64"
    layout: str = "ts-nonce"

    @classmethod
    def parse(cls, value: str) -> MacFormat:
        """Read "<algorithm>:<text form>[:<layout>]"; AuthenticationFailed when it is not on offer."""
        if value not in MAC_FORMATS:
            raise AuthenticationFailed("Choose a Mac Authorization Hash Format from the list.")
        return cls(*value.split(":"))

    def text(self, digest: bytes) -> str:
        """A digest as it travels."""
        return digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode("ascii")

    def body_hash(self, body: bytes | None) -> str:
        """Hash of the body for draft 00, "" without a body."""
        if body is None or self.layout != "age-nonce":
            return ""
        return self.text(_HASHES[self.algorithm](body).digest())


def normalized(
    form: MacFormat, *, method: str, url: str, ts: int | None, nonce: str, body: bytes | None, ext: str = ""
) -> str:
    """The string to sign."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    lines = [nonce, method.upper(), target, parts.hostname or "", str(port)]
    lines = [*lines, form.body_hash(body), ext] if form.layout == "age-nonce" else [str(ts), *lines, ext]
    return "".join(f"{line}\n" for line in lines)


def authorization(
    form: MacFormat,
    *,
    token: str,
    secret: str,
    method: str,
    url: str,
    ts: int | None,
    nonce: str,
    body: bytes | None,
    ext: str = "",
) -> str:
    """The Authorization header."""
    text = normalized(form, method=method, url=url, ts=ts, nonce=nonce, body=body, ext=ext)
    digest = hmac.new(secret.encode(), text.encode(), _HASHES[form.algorithm]).digest()
    shown = {
        "id": token,
        "ts": "" if form.layout == "age-nonce" else str(ts),
        "nonce": nonce,
        "bodyhash": form.body_hash(body),
        "ext": ext,
        "mac": form.text(digest),
    }
    return "MAC " + ", ".join(f'{name}="{value}"' for name, value in shown.items() if value)


class MacAuth(AuthBackend):
    """Signs method, target, host and time with the API Secret Key; the API Token is the `id`."""

    kind = "mac"
    label = "MAC"
    fields = ("auth_name", "api_token", "api_secret_key", "mac_hash_format")
    required = frozenset({"api_token", "api_secret_key", "mac_hash_format"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        form = MacFormat.parse(self.config.mac_hash_format)
        now = int(time.time())
        nonce = secrets.token_hex(8)
        body = r.body.encode() if isinstance(r.body, str) else r.body
        value = authorization(
            form,
            token=self.config.api_token,
            secret=self.config.api_secret_key,
            method=r.method or "POST",
            url=r.url or "",
            ts=now,
            # Draft 00 wants the key's age in seconds, which only has to grow.
            nonce=f"{now}:{nonce}" if form.layout == "age-nonce" else nonce,
            body=body,
        )
        set_header(r, "Authorization", value)
        return r

    def problems(self) -> list[FieldProblem]:
        if self.config.api_token and not _QUOTABLE.fullmatch(self.config.api_token):
            text = "The token goes into a header: visible ASCII without quotation marks and backslashes."
            return [FieldProblem("api_token", text)]
        if self.config.mac_hash_format not in MAC_FORMATS:
            return [FieldProblem("mac_hash_format", "Choose a format from the list.")]
        return []
