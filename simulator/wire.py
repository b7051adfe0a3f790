"""HTTP/1.1 as far as the simulator speaks it: one request in, one response out, as few steps as possible."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import parse_qs

MAX_HEAD = 32 * 1024
MAX_BODY = 1024 * 1024
REASONS = {status.value: status.phrase for status in HTTPStatus}


class Refusal(Exception):
    """A request the simulator turns down; becomes `{"error": {"code", "message", "param"}}` with `status`."""

    def __init__(
        self, status: int, code: str, text: str, *, param: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.param = param
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer the sender gets."""
        error = {"code": self.code, "message": self.text} | ({"param": self.param} if self.param else {})
        return json_response({"error": error}, status=self.status, headers=self.headers)


@dataclass(slots=True)
class Response:
    """What is sent back; `drop` resets the connection instead of answering."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False

    def encode(self, *, keep_alive: bool, head_only: bool = False) -> bytes:
        """Status line, headers and body as one piece, so that one segment carries a small answer."""
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = (
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n"
            f"{extra}Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
        )
        return head.encode("latin-1", "replace") + (b"" if head_only else self.body)


DROP = Response(drop=True)


def json_response(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any JSON-able object as a response."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(status=status, body=body, headers=headers or {})


@dataclass
class Request:
    """One request: the target as sent, header names in lower case, `head` the raw header block."""

    method: str
    target: str
    version: str
    headers: dict[str, str]
    head: bytes
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @cached_property
    def args(self) -> dict[str, str]:
        """The query's parameters; the last of equal names counts."""
        query = self.target.partition("?")[2]
        return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}

    @property
    def keep_alive(self) -> bool:
        """Whether the sender wants the connection kept open."""
        wish = self.headers.get("connection", "").lower()
        return wish == "keep-alive" if self.version == "HTTP/1.0" else wish != "close"

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """The body in the charset of its content type (UTF-8 unless named); 415 for an unknown charset."""
        _, _, parameters = self.headers.get("content-type", "").lower().partition("charset=")
        charset = parameters.partition(";")[0].strip().strip('"') or "utf-8"
        try:
            return self.body.decode(charset)
        except LookupError as error:
            raise Refusal(
                415, "UNSUPPORTED_CHARSET", f"The charset {charset!r} is not known here."
            ) from error
        except UnicodeDecodeError as error:
            raise Refusal(400, "UNREADABLE_BODY", f"The body is not valid {charset}.") from error

    def json_value(self) -> Any:
        """The body as JSON; 415 for another content type, 400 when it does not parse."""
        if self.media_type != "application/json":
            raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json.")
        try:
            return json.loads(self.text())
        except (ValueError, RecursionError) as error:
            raise Refusal(400, "INVALID_JSON", f"The body is not valid JSON: {error}") from error

    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        data = self.json_value()
        if not isinstance(data, dict):
            raise Refusal(400, "INVALID_JSON", "The body must be a JSON object.")
        return data

    def form(self) -> dict[str, str]:
        """The body's form fields; the last of equal names counts."""
        return {
            name: values[-1] for name, values in parse_qs(self.text(), keep_blank_values=True).items() if name
        }

    def fields(self) -> dict[str, Any]:
        """The body's fields, JSON or form; 415 for another type."""
        if self.media_type == "application/x-www-form-urlencoded":
            return dict(self.form())
        if self.media_type == "application/json":
            return self.json()
        raise Refusal(
            415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json or application/x-www-form-urlencoded."
        )


def parse_headers(head: bytes) -> dict[str, str]:
    """The raw header block as a dict with lower-case names; equal names are joined by a comma."""
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        key = name.strip().lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return headers


def read_head(stream: BinaryIO) -> Request | None:
    """The next request without its body; None when the sender closed the connection."""
    line = stream.readline(MAX_HEAD + 1)
    if not line.strip():
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[1].startswith("/") or not parts[2].startswith("HTTP/1."):
        raise Refusal(400, "BAD_REQUEST", "This is not an HTTP/1.1 request.")
    pieces: list[bytes] = []
    size = len(line)
    while (line := stream.readline(MAX_HEAD + 1)) not in (b"\r\n", b"\n", b""):
        pieces.append(line)
        size += len(line)
        if size > MAX_HEAD:
            raise Refusal(431, "HEADERS_TOO_LARGE", f"The headers are longer than {MAX_HEAD} bytes.")
    head = b"".join(pieces)
    return Request(parts[0], parts[1], parts[2], parse_headers(head), head)


def read_body(request: Request, stream: BinaryIO) -> None:
    """Reads the body the headers announce; only bodies with a Content-Length are taken."""
    if "transfer-encoding" in request.headers:
        raise Refusal(411, "LENGTH_REQUIRED", "Send the body with a Content-Length.")
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise Refusal(400, "BAD_REQUEST", "Content-Length is not a number.")
    if int(length) > MAX_BODY:
        raise Refusal(413, "BODY_TOO_LARGE", f"The body is longer than {MAX_BODY} bytes.")
    request.body = stream.read(int(length))
    if len(request.body) < int(length):
        raise ConnectionResetError("the sender left in the middle of the body")
