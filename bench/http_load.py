"""Posts to an HTTP server over kept connections from one thread; as light as it can be, since it shares the cores."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What came of it: seconds from first to last, and each request's own seconds."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of the requests stayed under."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def post(path: str, body: bytes, **headers: str) -> bytes:
    """A JSON request as bytes."""
    lines = [
        f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()), "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + body


def run(port: int, requests: Sequence[bytes], *, connections: int = 16, status: int = 200) -> Load:
    """Send all requests, one at a time on each connection; every answer must have this status."""
    wanted = f"HTTP/1.1 {status}".encode()
    queue, latencies = iter(requests), []
    began: dict[socket.socket, float] = {}
    answers: dict[socket.socket, bytes] = {}
    with selectors.DefaultSelector() as selector:
        opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        started = time.perf_counter()
        for link in opened:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(link, selectors.EVENT_READ)
            _send_next(link, queue, began, answers)
        while began:
            for key, _ in selector.select():
                link = key.fileobj
                assert isinstance(link, socket.socket)
                answers[link] += link.recv(65_536)
                if _is_whole(answers[link]):
                    latencies.append(time.perf_counter() - began.pop(link))
                    assert answers[link].startswith(wanted), answers[link]
                    _send_next(link, queue, began, answers)
        seconds = time.perf_counter() - started
        for link in opened:
            link.close()
    return Load(seconds, latencies)


def _send_next(
    link: socket.socket,
    queue: Iterator[bytes],
    began: dict[socket.socket, float],
    answers: dict[socket.socket, bytes],
) -> None:
    request = next(queue, None)
    if request is not None:
        answers[link], began[link] = b"", time.perf_counter()
        link.sendall(request)


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    _, named, rest = head.lower().partition(b"content-length:")
    return len(body) >= (int(rest.split(b"\r\n")[0]) if named else 0)
