"""A provider that takes every message after a fixed delay and remembers whom it was for; as light as Python allows.

`POST /messages` is ours (JSON), `GET /messages?to=…` is Kannel's. `GET /_reset?delay=50` forgets and sets the delay in
milliseconds, `GET /_seen` gives {"count", "last"}, `GET /_numbers` all recipients as they came.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import urllib.request
from typing import Any

_ANSWER_BODY = b'{"id":"m-%d","status":"accepted"}'
_TO = re.compile(rb'"to":\s*"\+?(\d+)"|[?&]to=(?:%2B|\+)?(\d+)')


class Seen:
    """What has come in since the last reset."""

    def __init__(self) -> None:
        self.reset(0.0)

    def reset(self, delay: float) -> None:
        """Forget everything; answer after `delay` seconds from now on."""
        self.delay, self.last = delay, 0.0
        self.requests: list[bytes] = []

    def numbers(self) -> list[str]:
        """The recipients, without their plus."""
        found = (_TO.search(request) for request in self.requests)
        return [(match[1] or match[2]).decode() if match else "" for match in found]


class Provider(asyncio.Protocol):
    """One connection; requests of a connection are answered in order."""

    def __init__(self, seen: Seen) -> None:
        self.seen, self.data = seen, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data = data = self.data + data
        end = data.find(b"\r\n\r\n")
        while end >= 0:
            named = data.find(b"ontent-", 0, end) >= 0 and re.search(
                rb"(?i)content-length: *(\d+)", data[:end]
            )
            whole = end + 4 + (int(named[1]) if named else 0)
            if len(data) < whole:
                break
            self.take(data[:whole])
            self.data = data = data[whole:]
            end = data.find(b"\r\n\r\n")

    def take(self, request: bytes) -> None:
        """Remember a message and answer it, or obey an order."""
        if request.startswith(b"GET /_"):
            return self.say(b"200 OK", json.dumps(self.obey(request.split(b" ")[1].decode())).encode())
        seen = self.seen
        seen.requests.append(request)
        seen.last = time.perf_counter()
        answer = _ANSWER_BODY % len(seen.requests)
        if seen.delay:
            asyncio.get_running_loop().call_later(seen.delay, self.say, b"202 Accepted", answer)
        else:
            self.say(b"202 Accepted", answer)

    def obey(self, path: str) -> Any:
        """What an order of the benchmark gives."""
        name, _, delay = path.partition("?delay=")
        if name == "/_reset":
            self.seen.reset(float(delay) / 1000)
        if name == "/_numbers":
            return self.seen.numbers()
        return {"count": len(self.seen.requests), "last": self.seen.last}

    def say(self, status: bytes, body: bytes) -> None:
        """Write one answer."""
        self.transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )


def ask(port: int, order: str) -> Any:
    """Give the provider an order; what it answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_{order}", timeout=30) as answer:
        return json.load(answer)


async def serve(port: int) -> None:
    """Run until killed."""
    seen = Seen()
    server = await asyncio.get_running_loop().create_server(
        lambda: Provider(seen), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
