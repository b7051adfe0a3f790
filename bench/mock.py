"""Providers for benchmarks, as threads of the process that measures: each notes when a request arrives."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_BODY = b'{"id":"m-1","status":"accepted"}'
_ANSWER = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Provider:
    """Accepts every message, or answers 503 after `seconds` while `is_dead`; `arrivals` are (moment, body)."""

    port: int
    is_dead: bool = False
    seconds: float = 0.0
    arrivals: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where messages go."""
        return f"http://127.0.0.1:{self.port}/messages"

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_all, args=(connection,), daemon=True).start()

    def _answer_all(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        moment = 0.0
        try:
            while received := connection.recv(65_536):
                moment = moment if data else time.time()
                data += received
                if (body := _whole_body(data)) is not None:
                    self.arrivals.append((moment, body))
                    data = b""
                    time.sleep(self.seconds)
                    connection.sendall(_BUSY if self.is_dead else _ANSWER)
        except OSError:
            return


def _whole_body(data: bytes) -> bytes | None:
    head, separator, body = data.partition(b"\r\n\r\n")
    _, _, rest = head.lower().partition(b"content-length:")
    length = int(rest.split(b"\r\n")[0]) if rest else 0
    return body if separator and len(body) >= length else None


@contextmanager
def provider(*, is_dead: bool = False, seconds: float = 0.0) -> Iterator[Provider]:
    """A running provider."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        made = Provider(listener.getsockname()[1], is_dead, seconds)
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        yield made
