"""What a callback may be at most, in bytes and seconds; over it the caller gets a plain 4xx."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping
from typing import Any, Protocol

from webhooks.answers import Answer
from webhooks.callback import LARGEST_BODY

LARGEST_UNPACKED = 1024 * 1024  # bytes, after gzip or deflate
READ_WITHIN = 10.0  # seconds
_PIECE = 16 * 1024

TOO_LARGE = Answer(413, f"The body is larger than {LARGEST_BODY // 1024} KiB.")
TOO_LARGE_UNPACKED = Answer(413, f"The body unpacks to more than {LARGEST_UNPACKED // 1024} KiB.")
TOO_SLOW = Answer(408, f"The body took longer than {READ_WITHIN:.0f} seconds.")
INCOMPLETE = Answer(400, "The body is shorter than its Content-Length.")


class Refused(Exception):
    """The callback is over a limit; `answer` says which."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_body(environ: Mapping[str, Any]) -> bytes:
    """The body of a WSGI request, unpacked where it is gzip or deflate; raises Refused.

    A body in pieces without a length (chunked) is read where the server marks its end. What says to be packed and
    is not stays as it is: whoever reads it finds that it is unreadable, and it is kept.
    """
    body = _read(environ)
    coding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding not in _WINDOWS or not body:
        return body
    return _unpack(body, coding)


def _read(environ: Mapping[str, Any]) -> bytes:
    length = _length(environ)
    if length is not None and length > LARGEST_BODY:
        raise Refused(TOO_LARGE)
    if length == 0 or (length is None and not environ.get("wsgi.input_terminated")):
        return b""
    wanted = LARGEST_BODY + 1 if length is None else length
    body = _read_in_time(environ["wsgi.input"], wanted)
    if len(body) > LARGEST_BODY:
        raise Refused(TOO_LARGE)
    if length is not None and len(body) < length:
        raise Refused(INCOMPLETE)
    return body


def _length(environ: Mapping[str, Any]) -> int | None:
    text = environ.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() else None


def _read_in_time(stream: _Stream, wanted: int) -> bytes:
    deadline = time.monotonic() + READ_WITHIN
    body = b""
    while len(body) < wanted:
        piece = stream.read(min(_PIECE, wanted - len(body)))
        if not piece:
            break
        body += piece
        if time.monotonic() > deadline:
            raise Refused(TOO_SLOW)
    return body


# Window bits by coding; 47 takes both gzip's and zlib's header, -15 is deflate without one, as some clients send.
_WINDOWS: dict[str, tuple[int, ...]] = {"gzip": (47,), "x-gzip": (47,), "deflate": (47, -15)}


def _unpack(body: bytes, coding: str) -> bytes:
    for window in _WINDOWS[coding]:
        unpacker = zlib.decompressobj(window)
        try:
            unpacked = unpacker.decompress(body, LARGEST_UNPACKED + 1)
        except zlib.error:
            continue
        if len(unpacked) > LARGEST_UNPACKED:
            raise Refused(TOO_LARGE_UNPACKED)
        if unpacker.eof:
            return unpacked
    return body
