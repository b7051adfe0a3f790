"""MAC: `Authorization: MAC id, ts, nonce, mac` of the OAuth HTTP MAC drafts (draft-ietf-oauth-v2-http-mac),
or an HMAC of the body or of a string to sign, in a header of any name.

Two HTTP MAC layouts of the string to sign; every line ends with a line feed:
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
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from requests import PreparedRequest, Request

from core.errors import AuthenticationFailed, about
from credentials.auth.base import AuthBackend, AuthConfig, FieldProblem, filled, set_header
from credentials.auth.signing_values import (
    SIGNED_NAMES,
    TIMESTAMPS,
    body_bytes,
    decoded_secret,
    extra_headers,
    extra_headers_problem,
    signing_values,
    string_bytes,
    unknown_names,
)
from credentials.headers import JSON_TYPE, name_problem

_HASHES: Final = {
    "hmac-sha1": hashlib.sha1,
    "hmac-sha256": hashlib.sha256,
    "hmac-sha384": hashlib.sha384,
    "hmac-sha512": hashlib.sha512,
}
# "<algorithm>:<text form>" -> what the operator reads.
MAC_FORMATS: Final = {
    "hmac-sha256:base64": "HMAC SHA-256, base64",
    "hmac-sha256:hex": "HMAC SHA-256, hexadecimal",
    "hmac-sha1:base64": "HMAC SHA-1, base64",
    "hmac-sha1:hex": "HMAC SHA-1, hexadecimal",
    "hmac-sha384:base64": "HMAC SHA-384, base64",
    "hmac-sha384:hex": "HMAC SHA-384, hexadecimal",
    "hmac-sha512:base64": "HMAC SHA-512, base64",
    "hmac-sha512:hex": "HMAC SHA-512, hexadecimal",
}
_QUOTABLE: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")


@dataclass(frozen=True)
class MacFormat:
    """Algorithm, text form of digests (base64 or hex) and layout of the string to sign."""

    algorithm: str
    encoding: str = "base64"
    layout: str = "ts-nonce"

    @classmethod
    def parse(cls, value: str, layout: str = "ts-nonce") -> MacFormat:
        """Read "<algorithm>:<text form>"; AuthenticationFailed when it is not on offer."""
        if value not in MAC_FORMATS:
            raise AuthenticationFailed("Choose a Mac Authorization Hash Format from the list.")
        algorithm, encoding = value.split(":")
        return cls(algorithm, encoding, layout)

    def sign(self, key: bytes, data: bytes) -> str:
        """The HMAC of `data` as it travels."""
        return self.text(hmac.new(key, data, _HASHES[self.algorithm]).digest())

    def text(self, digest: bytes) -> str:
        """A digest as it travels."""
        return digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode("ascii")

    def digest(self, data: bytes) -> str:
        """The plain hash of `data` as it travels."""
        return self.text(_HASHES[self.algorithm](data).digest())

    def body_hash(self, body: bytes | None) -> str:
        """Hash of the body for draft 00, "" without a body."""
        if body is None or self.layout != "age-nonce":
            return ""
        return self.digest(body)


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
    secret: str | bytes,
    method: str,
    url: str,
    ts: int | None,
    nonce: str,
    body: bytes | None,
    ext: str = "",
) -> str:
    """The Authorization header."""
    text = normalized(form, method=method, url=url, ts=ts, nonce=nonce, body=body, ext=ext)
    key = secret.encode() if isinstance(secret, str) else secret
    shown = {
        "id": token,
        "ts": "" if form.layout == "age-nonce" else str(ts),
        "nonce": nonce,
        "bodyhash": form.body_hash(body),
        "ext": ext,
        "mac": form.sign(key, text.encode()),
    }
    return "MAC " + ", ".join(f'{name}="{value}"' for name, value in shown.items() if value)


class MacAuth(AuthBackend):
    """Signs with the API Secret Key; the API Token says whose key it is. What is signed is up to the layout."""

    kind = "mac"
    label = "MAC"
    fields = (
        "auth_name", "api_token", "api_secret_key", "mac_hash_format", "mac_layout", "mac_secret_encoding",
        "mac_header", "mac_value", "mac_string", "mac_timestamp_format", "mac_extra_headers",
    )  # fmt: skip
    required = frozenset({"api_secret_key", "mac_hash_format"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        if self.config.mac_layout in _IN_A_HEADER:
            return self._in_a_header(r)
        form = self._form
        now = int(time.time())
        nonce = secrets.token_hex(8)
        value = authorization(
            form,
            token=self.config.api_token,
            secret=self._key,
            method=r.method or "POST",
            url=r.url or "",
            ts=now,
            # Draft 00 wants the key's age in seconds, which only has to grow.
            nonce=f"{now}:{nonce}" if form.layout == "age-nonce" else nonce,
            body=body_bytes(r.body),
        )
        set_header(r, "Authorization", value)
        return r

    def problems(self) -> list[FieldProblem]:
        config = self.config
        found = [FieldProblem(field, text) for field, text in _layout_problems(config) if text]
        if config.mac_hash_format not in MAC_FORMATS:
            found.append(FieldProblem("mac_hash_format", "Choose a format from the list."))
        try:
            decoded_secret(config.api_secret_key, config.mac_secret_encoding)
        except ValueError as error:
            found.append(FieldProblem("api_secret_key", str(error)))
        return found or self._problems_of_a_sample()

    def _problems_of_a_sample(self) -> list[FieldProblem]:
        """What only shows once a request is signed: values that no header can carry."""
        sample = Request("POST", "https://provider.example/", data=b"{}", headers={"Content-Type": JSON_TYPE})
        try:
            self(sample.prepare())
        except AuthenticationFailed as error:
            return [FieldProblem(error.param or "mac_value", error.text)]
        return []

    def _in_a_header(self, r: PreparedRequest) -> PreparedRequest:
        config, form = self.config, self._form
        values = signing_values(
            r, token=config.api_token, timestamp_format=config.mac_timestamp_format, body_hash=form.digest
        )
        with about("mac_extra_headers"):
            for name, template in self._extra:
                set_header(r, name, str(filled(template, values)))
        values["content_type"] = str(r.headers.get("Content-Type", ""))
        signed = body_bytes(r.body) or b""
        if config.mac_layout == "template":
            signed = string_bytes(str(filled(config.mac_string, values)))
        values["signature"] = form.sign(self._key, signed)
        set_header(r, config.mac_header, str(filled(config.mac_value, values)))
        return r

    @cached_property
    def _form(self) -> MacFormat:
        return MacFormat.parse(self.config.mac_hash_format, self.config.mac_layout)

    @cached_property
    def _extra(self) -> tuple[tuple[str, str], ...]:
        return tuple(extra_headers(self.config.mac_extra_headers))

    @cached_property
    def _key(self) -> bytes:
        try:
            return decoded_secret(self.config.api_secret_key, self.config.mac_secret_encoding)
        except ValueError as error:
            raise AuthenticationFailed(str(error)) from error


_IN_A_HEADER: Final = frozenset({"body", "template"})
_SIGNATURE: Final = "{{signature}}"


def _layout_problems(config: AuthConfig) -> list[tuple[str, str]]:
    if config.mac_layout not in _IN_A_HEADER:
        quotable = _QUOTABLE.fullmatch(config.api_token)
        text = "The token goes into a header: visible ASCII without quotation marks and backslashes."
        missing = "" if config.api_token else "The layout needs the token: it says whose key signs."
        return [("api_token", missing or ("" if quotable else text))]
    lines = config.mac_string if config.mac_layout == "template" else "{{body}}"
    signed = "" if lines.strip() else "Write what is signed, such as {{method}}, {{path}} and {{body}}."
    shown = (
        "" if _SIGNATURE in config.mac_value.replace(" ", "") else f"{_SIGNATURE} must occur in the value."
    )
    return [
        ("mac_header", name_problem(config.mac_header)),
        ("mac_value", shown or _name_problem(config.mac_value, SIGNED_NAMES | {"signature"})),
        ("mac_string", signed or _name_problem(lines, SIGNED_NAMES)),
        ("mac_timestamp_format", "" if config.mac_timestamp_format in TIMESTAMPS else "Choose a format."),
        (
            "mac_extra_headers",
            extra_headers_problem(config.mac_extra_headers)
            or _name_problem(config.mac_extra_headers, SIGNED_NAMES),
        ),
    ]


def _name_problem(text: str, known: Collection[str]) -> str:
    unknown = unknown_names(text, known)
    if not unknown:
        return ""
    return f"There is no {{{{{unknown[0]}}}}} here. Use {', '.join(sorted(known))} or a credential variable."
