"""HTTP/1.1 on an open connection: one request written at once, one bounded answer read before a deadline."""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from requests.structures import CaseInsensitiveDict

from core.errors import (
    AnswerLost,
    AnswerTooLarge,
    AuthenticationFailed,
    ConfigurationInvalid,
    ConnectionFailed,
)
from core.http.certificates import REFUSED, refused_by_peer
from core.http.connection import Connection
from core.http.headers import pairs_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH = re.compile(r"[\x21-\x7e]+")
_USUAL_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d)((?: [^\r\n]*)?)\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\x00]*\r\n)*)\r\n"
)
_BODILESS = (b"204", b"304")
# Framing and routing are ours, whatever headers were prepared.
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "te"}
)
_GZIP_OR_ZLIB = 47  # zlib window bits: detect either
_LOST = (
    "The provider got the request, and its answer was lost: {}. The message may or may not have been sent."
)


@dataclass(frozen=True)
class RawAnswer:
    """What came back; `reusable` says whether the connection can carry another request."""

    status: int
    reason: str
    headers: CaseInsensitiveDict[str]
    body: bytes
    reusable: bool


def request_bytes(
    *, method: str, host: str, path: str, headers: Mapping[str, str | bytes], body: bytes
) -> bytes:
    """The whole request; ConfigurationInvalid when a part cannot be written as HTTP."""
    if not _TOKEN.fullmatch(method) or not _PATH.fullmatch(path):
        raise ConfigurationInvalid("The method or the path of the request contains forbidden characters.")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity"]
    lines += [line for name, raw in pairs_of(headers) if (line := _line(name, raw))]
    if body or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@lru_cache(maxsize=256)
def _line(name: str, raw: str | bytes) -> str:
    """A header as it is written, "" for one that is ours to say."""
    if name.lower() in _OURS:
        return ""
    value = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ConfigurationInvalid(f"The header {name!r} contains characters that HTTP forbids.")
    return f"{name}: {value}"


def send(connection: Connection, data: bytes, *, deadline: float) -> None:
    """Write the request; ConnectionFailed only while certainly no byte of it left."""
    if time.monotonic() >= deadline:
        raise ConnectionFailed("Connecting to the provider took all the time there is for a request.")
    view, written = memoryview(data), 0
    while written < len(data):
        try:
            connection.socket.settimeout(_left(deadline))
            written += connection.socket.send(view[written:])
        except OSError as error:
            # An encrypted record may be half written when sending fails; a plain socket tells what it took.
            if written == 0 and not isinstance(connection.socket, ssl.SSLSocket):
                raise ConnectionFailed("The provider closed the connection before a byte left.") from error
            if isinstance(error, BrokenPipeError | ConnectionResetError):
                return  # it may have answered before it closed: reading will tell
            if connection.is_new and refused_by_peer(error):
                raise AuthenticationFailed(REFUSED) from error
            raise AnswerLost(_LOST.format("sending did not end in time")) from error


def receive(connection: Connection, *, method: str, deadline: float, max_body: int) -> RawAnswer:
    """Read one answer of at most `max_body` bytes, also when decompressed; AnswerLost or AnswerTooLarge.

    AuthenticationFailed when the other side refused our certificate: it has not read the request.
    """
    source = _Source(connection.socket, deadline)
    try:
        if (usual := _usual_answer(source, method, max_body)) is not None:
            return usual
        response = _final_response(source, method)
        headers = CaseInsensitiveDict(_joined(response))
        body = _read_body(response, max_body)
    except TimeoutError as error:
        raise AnswerLost(_LOST.format("it did not come in time")) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if connection.is_new and refused_by_peer(
            error
        ):  # TLS 1.3 tells after the handshake: nothing was read
            raise AuthenticationFailed(REFUSED) from error
        raise AnswerLost(_LOST.format(str(error) or type(error).__name__)) from error
    finally:
        source.reader.close()
    body = _decoded(body, headers.get("Content-Encoding", ""), max_body)
    return RawAnswer(response.status, response.reason, headers, body, reusable=not response.will_close)


def _usual_answer(source: _Source, method: str, max_body: int) -> RawAnswer | None:
    """An answer of the usual kind: HTTP/1.1, of a told length, all of it in one piece; else None, nothing lost."""
    source.ahead = data = source.receive(max_body)
    match = _USUAL_HEAD.match(data)
    if match is None or method == "HEAD" or match[1] in _BODILESS:
        return None
    headers: dict[str, str] = {}
    for line in match[3].decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    found = CaseInsensitiveDict(headers)
    body = data[match.end() :]
    unusual = len(found) != len(headers) or "Transfer-Encoding" in found or "Content-Encoding" in found
    if unusual or found.get("Content-Length") != str(len(body)) or len(body) > max_body:
        return None
    closes = "close" in found.get("Connection", "").lower()
    return RawAnswer(int(match[1]), match[2].decode("latin-1").strip(), found, body, reusable=not closes)


def _final_response(source: _Source, method: str) -> http.client.HTTPResponse:
    """The first answer that is not a mere "still working on it" (1xx)."""
    while True:
        response = http.client.HTTPResponse(cast(socket.socket, source), method=method)
        response.begin()
        if response.status >= 200:
            return response
        response.fp = None  # type: ignore[assignment]  # or it would close the reader of the next one


def _read_body(response: http.client.HTTPResponse, max_body: int) -> bytes:
    body = b""
    while len(body) <= max_body and (piece := response.read(max_body + 1 - len(body))):
        body += piece
    if len(body) > max_body:
        raise AnswerTooLarge(f"The provider's answer is over {max_body} bytes; the outcome is not known.")
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return body


def _joined(response: http.client.HTTPResponse) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in response.getheaders():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _decoded(body: bytes, encoding: str, max_body: int) -> bytes:
    """Undo a compression we did not ask for; an unknown one is left as it is."""
    kind = encoding.strip().lower()
    if kind not in ("gzip", "x-gzip", "deflate") or not body:
        return body
    for bits in (_GZIP_OR_ZLIB, -zlib.MAX_WBITS):
        unpacker = zlib.decompressobj(bits)
        try:
            plain = unpacker.decompress(body, max_body + 1)
        except zlib.error:
            continue
        if len(plain) > max_body:
            raise AnswerTooLarge(f"The provider's answer is larger than {max_body} bytes when unpacked.")
        return plain
    raise AnswerLost(_LOST.format("it cannot be unpacked"))


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is up")
    return seconds


class _Source(io.RawIOBase):
    """The socket as a file whose every read ends at the deadline, however slowly the bytes drip."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self.socket = sock
        self.deadline = deadline
        self.ahead = b""  # received, not read yet
        self.reader = io.BufferedReader(self)

    def makefile(self, mode: str) -> io.BufferedReader[_Source]:
        """Called by http.client in place of the socket's own."""
        return self.reader

    def readable(self) -> bool:
        return True

    def receive(self, size: int) -> bytes:
        """What has come, at most `size` bytes; b"" at the end."""
        self.socket.settimeout(_left(self.deadline))
        return self.socket.recv(size)

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self.ahead:
            view = memoryview(buffer)
            taken = min(len(view), len(self.ahead))
            view[:taken] = self.ahead[:taken]
            self.ahead = self.ahead[taken:]
            return taken
        self.socket.settimeout(_left(self.deadline))
        return self.socket.recv_into(buffer)
