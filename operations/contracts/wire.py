"""The network of a case: what goes out is kept as the bytes it would be, what comes back is what was recorded."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote_plus, unquote_to_bytes

from requests.structures import CaseInsensitiveDict

from core.addresses import Target
from core.errors import AnswerLost
from core.http import session
from core.http.connection import Connection
from core.http.wire import RawAnswer


@dataclass(frozen=True)
class SentRequest:
    """One request as it left: `pairs` of the query and `body` still encoded."""

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query_pairs(self) -> list[tuple[str, bytes]]:
        """(name, raw bytes of the value) of the query."""
        return decoded_pairs(self.query)

    @property
    def form_pairs(self) -> list[tuple[str, bytes]]:
        """(name, raw bytes of the value) of a form body."""
        return decoded_pairs(self.body.decode("ascii", "replace"))


def decoded_pairs(text: str) -> list[tuple[str, bytes]]:
    """Names and raw values of `a=b&c=d`."""
    pieces = (piece.partition("=") for piece in text.split("&") if piece)
    return [(unquote_plus(name), unquote_to_bytes(value.replace("+", " "))) for name, _, value in pieces]


@dataclass
class Network:
    """Recorded answers in their order, and the requests that fetched them."""

    answers: Sequence[Mapping[str, Any]]
    sent: list[SentRequest] = field(default_factory=list)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Stand below the guarded adapter instead of sockets: nothing is looked up, connected or sent."""
        with (
            patch.object(session, "dial", self._dial),
            patch.object(session, "send", self._send),
            patch.object(session, "receive", self._receive),
        ):
            yield

    def _dial(self, target: Target, **_: Any) -> Connection:
        return _Marked(socket.socket(), target)

    def _send(self, connection: _Marked, data: bytes, **_: Any) -> None:
        self.sent.append(_read(connection.target, data))

    def _receive(self, connection: Connection, **_: Any) -> RawAnswer:
        number = len(self.sent)
        if number > len(self.answers):
            raise AnswerLost("No answer was recorded for one more request.")
        recorded = self.answers[number - 1]
        if recorded.get("timeout"):
            raise AnswerLost("The recorded answer is that none came.")
        headers = CaseInsensitiveDict(recorded.get("headers", {}))
        body = str(recorded.get("body", "")).encode()
        return RawAnswer(int(recorded.get("status", 200)), "", headers, body, reusable=False)


class _Marked(Connection):
    """A connection that leads nowhere and knows where it should."""

    __slots__ = ("target",)

    def __init__(self, sock: socket.socket, target: Target) -> None:
        super().__init__(sock)
        self.target = target


def _read(target: Target, data: bytes) -> SentRequest:
    """The request out of its bytes, as a server reads them."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, place, _ = first.split(" ", 2)
    path, _, query = place.partition("?")
    pairs = (line.partition(":") for line in lines)
    headers = CaseInsensitiveDict({name: value.strip() for name, _, value in pairs})
    return SentRequest(method, f"{target.scheme}://{headers['Host']}{path}", query, headers, body)
