"""A provider that misbehaves, in a process of its own: `python -m bench.chaos.provider --port … --log … --seed …`.

Each request is written to the log before anything else happens to it, one line in one write: what the provider has
seen is known whatever is killed. It is never killed itself.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import struct
import sys
import threading
import time
from collections import Counter

from bench.chaos import faults
from bench.chaos.faults import Fault

_LONGEST = 65_536
_ABORT = struct.pack("ii", 1, 0)


class Provider:
    """Takes connections, a thread for each."""

    def __init__(self, *, port: int, log: str, seed: int, late: float) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._seed, self._late = seed, late
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", port), backlog=512)

    def run(self) -> None:
        """Serve until killed."""
        while True:
            link, _ = self._server.accept()
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            while (body := _peek(link)) is not None and self._answer(link, body):
                pass
        except OSError:
            return  # whoever asked is gone
        finally:
            link.close()

    def _answer(self, link: socket.socket, body: dict[str, str]) -> bool:
        """Log, then do what was drawn; whether the connection goes on."""
        message_id = body["id"]
        with self._lock:
            self._requests[message_id] += 1
            number = self._requests[message_id]
        fault = faults.draw(seed=self._seed, message_id=message_id, number=number)
        self._write({"id": message_id, "text": body["text"], "fault": fault.name})
        if fault is faults.RESET_UNREAD:
            _reset(link)
            return False
        link.recv(_LONGEST)  # it was only peeked at
        time.sleep(
            self._late if fault is faults.LATE else faults.delay(seed=self._seed, message_id=message_id)
        )
        if fault is faults.RESET_TAKEN:
            _reset(link)
            return False
        link.sendall(_answer_of(fault, message_id))
        self._write({"id": message_id, "answered": fault.name})
        return True

    def _write(self, line: dict[str, str]) -> None:
        os.write(self._log, json.dumps({"at": time.time(), **line}).encode() + b"\n")


def _peek(link: socket.socket) -> dict[str, str] | None:
    """The body of the next request, left in the kernel's buffer; None when the connection ended."""
    while True:
        seen = link.recv(_LONGEST, socket.MSG_PEEK)
        if not seen:
            return None
        head, end, body = seen.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0) if end else 0
        if end and len(body) >= length:
            told: dict[str, str] = json.loads(body)
            return told
        time.sleep(0.001)


def _reset(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    link.close()


def _answer_of(fault: Fault, message_id: str) -> bytes:
    status, headers, body = {
        faults.TOO_MANY.name: ("429 Too Many Requests", "Retry-After: 1\r\n", '{"error": "slow down"}'),
        faults.UNAVAILABLE.name: ("503 Service Unavailable", "", '{"error": "try later"}'),
        faults.UNREADABLE.name: ("200 OK", "", '{"messageId": "p-'),
    }.get(fault.name, ("200 OK", "", json.dumps({"messageId": f"p-{message_id}"})))
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{content}{headers}\r\n{body}".encode()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--log", required=True)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--late", type=float, required=True, help="seconds of a late answer")
    given = options.parse_args()
    Provider(port=given.port, log=given.log, seed=given.seed, late=given.late).run()


if __name__ == "__main__":
    sys.exit(main())
