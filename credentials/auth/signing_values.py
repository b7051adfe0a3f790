"""What a string to sign can be made of: parts of the final request, the time, a nonce, digests of the body."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Final

from requests import PreparedRequest

from core.addresses import target_of
from credentials.auth.base import PLACEHOLDER
from credentials.headers import name_problem

TIMESTAMPS: Final[Mapping[str, Callable[[float], str]]] = {
    "unix": lambda now: str(int(now)),
    "unix_ms": lambda now: str(int(now * 1000)),
    "rfc1123": lambda now: formatdate(now, usegmt=True),
    "iso8601": lambda now: datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
}


def _text(secret: str) -> bytes:
    return secret.encode()


def _base64(secret: str) -> bytes:
    return base64.b64decode(
        secret + "=" * (-len(secret) % 4),
        altchars=b"-_" if "-" in secret or "_" in secret else None,
        validate=True,
    )


_DECODERS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "text": _text,
    "base64": _base64,
    "hex": bytes.fromhex,
}


def decoded_secret(secret: str, encoding: str) -> bytes:
    """The key's bytes; ValueError when the text is not written that way."""
    try:
        return _DECODERS[encoding](secret.strip() if encoding != "text" else secret)
    except (KeyError, ValueError) as error:
        raise ValueError(f"The secret key is not written as {encoding}. Choose how it is written.") from error


def signing_values(
    r: PreparedRequest, *, token: str, timestamp_format: str, body_hash: Callable[[bytes], str]
) -> dict[str, str]:
    """Placeholder -> text for one request; URL and body must be final. `body_hash` is the chosen algorithm's."""
    body = body_bytes(r.body) or b""
    target = target_of(r.url or "")
    path, _, query = r.path_url.partition("?")
    md5 = hashlib.md5(body, usedforsecurity=False)
    sha256 = hashlib.sha256(body)
    return {
        "timestamp": TIMESTAMPS[timestamp_format](time.time()),
        "nonce": secrets.token_hex(16),
        "method": (r.method or "POST").upper(),
        "path": path,
        "query": query,
        "target": r.path_url,
        "host": target.host_header,
        "hostname": target.host,
        "port": str(target.port),
        "url": r.url or "",
        "content_type": str(r.headers.get("Content-Type", "")),
        "token": token,
        "newline": "\n",
        "body": body.decode("utf-8", "surrogateescape"),
        "body_md5": base64.b64encode(md5.digest()).decode("ascii"),
        "body_md5_hex": md5.hexdigest(),
        "body_sha256": base64.b64encode(sha256.digest()).decode("ascii"),
        "body_sha256_hex": sha256.hexdigest(),
        "body_hash": body_hash(body),
    }


# All of the above; `signature` joins them for the value of the header.
SIGNED_NAMES: Final = frozenset(
    {
        "timestamp", "nonce", "method", "path", "query", "target", "host", "hostname", "port", "url",
        "content_type", "token", "newline", "body", "body_md5", "body_md5_hex", "body_sha256",
        "body_sha256_hex", "body_hash",
    }
)  # fmt: skip


def string_bytes(text: str) -> bytes:
    """A filled-in string to sign as bytes; those of the body come out as they went in."""
    return text.replace("\r\n", "\n").encode("utf-8", "surrogateescape")


def body_bytes(body: str | bytes | None) -> bytes | None:
    """The final body as bytes, None without one."""
    return body.encode() if isinstance(body, str) else body


def unknown_names(text: str, known: Collection[str]) -> list[str]:
    """Placeholders of `text` that are none."""
    return [name for name in PLACEHOLDER.findall(text) if name not in known]


def extra_headers(text: str) -> Iterator[tuple[str, str]]:
    """(name, value template) of lines `Name: value`."""
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip():
            yield name.strip(), value.strip()


def extra_headers_problem(text: str) -> str:
    """Why these lines are no headers, "" when they are."""
    for number, line in enumerate(text.splitlines(), start=1):
        name, colon, _ = line.partition(":")
        if line.strip() and (not colon or name_problem(name.strip())):
            return f"Line {number}: write a header as Name: value, such as X-Timestamp: {{{{timestamp}}}}."
    return ""
