"""Posts to callback URLs over kept connections; cheap enough for hundreds of reports a second."""

from __future__ import annotations

import http.client
import threading
import time
from collections import defaultdict, deque
from urllib.parse import urlsplit

IDLE = 4.0  # seconds; an older idle connection is not trusted
MAX_ANSWER = 64 * 1024
USER_AGENT = "sms-simulator/1"

Origin = tuple[str, str, int | None]


class PostFailed(Exception):
    """No answer came back; the text says why."""


class Poster:
    """A pool of keep-alive connections; any thread may post."""

    def __init__(self) -> None:
        self._idle: dict[Origin, deque[tuple[http.client.HTTPConnection, float]]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._closed = False

    def post(self, url: str, body: bytes, *, timeout: float = 15.0) -> int:
        """The HTTP status the URL answered with; PostFailed when there was no answer."""
        try:
            parts = urlsplit(url)
            origin = (parts.scheme, parts.hostname or "", parts.port)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            kept = self._take(origin)
            if kept is not None:
                try:
                    return self._exchange(kept, origin, target, body, timeout)
                except (ConnectionError, http.client.RemoteDisconnected):
                    pass  # it closed while idle: a new connection gets its chance
            return self._exchange(_connection(origin, timeout), origin, target, body, timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PostFailed(str(error) or type(error).__name__) from error

    def _exchange(
        self, connection: http.client.HTTPConnection, origin: Origin, target: str, body: bytes, timeout: float
    ) -> int:
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(timeout)
            connection.sock.sendall(_head(origin, target, len(body)) + body)
            answer = http.client.HTTPResponse(connection.sock, method="POST")
            answer.begin()
            answer.read(MAX_ANSWER)
        except BaseException:
            connection.close()
            raise
        if answer.will_close or not answer.isclosed():
            answer.close()
            connection.close()
        else:
            self._give_back(connection, origin)
        return answer.status

    def _take(self, origin: Origin) -> http.client.HTTPConnection | None:
        with self._lock:
            idle = self._idle[origin]
            while idle:
                connection, since = idle.pop()
                if time.monotonic() - since < IDLE:
                    return connection
                connection.close()
        return None

    def _give_back(self, connection: http.client.HTTPConnection, origin: Origin) -> None:
        with self._lock:
            if self._closed:
                connection.close()
            else:
                self._idle[origin].append((connection, time.monotonic()))

    def close(self) -> None:
        """Closes the idle connections; those in use close when they come back."""
        with self._lock:
            self._closed = True
            for idle in self._idle.values():
                while idle:
                    idle.pop()[0].close()


def _connection(origin: Origin, timeout: float) -> http.client.HTTPConnection:
    scheme, host, port = origin
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=timeout)


def _head(origin: Origin, target: str, length: int) -> bytes:
    _, host, port = origin
    shown = f"[{host}]" if ":" in host else host
    return (
        f"POST {target} HTTP/1.1\r\nHost: {shown}{f':{port}' if port else ''}\r\n"
        f"Content-Type: application/json\r\nUser-Agent: {USER_AGENT}\r\nContent-Length: {length}\r\n\r\n"
    ).encode("ascii")
