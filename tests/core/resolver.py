"""A name server on the loopback interface, asked over real UDP in place of the system's."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from ipaddress import ip_address
from types import TracebackType
from typing import Any

_A, _CNAME, _AAAA = 1, 5, 28
_REAL = socket.getaddrinfo


class Resolver:
    """Answers from `zone`: name -> answers, one for each look-up, the last one for all further.

    An answer lists addresses, or names that the name is an alias of; nothing lives longer than its answer (TTL 0).
    """

    def __init__(self, **zone: list[list[str]]) -> None:
        self.zone = {name.replace("_", "."): answers for name, answers in zone.items()}
        self.asked: list[tuple[str, int]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._place = self._socket.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def getaddrinfo(self, host: str, port: int, **options: Any) -> list[Any]:
        """What the system's would give if this were its name server."""
        with contextlib.suppress(socket.gaierror):
            return _REAL(host, port, **options, flags=socket.AI_NUMERICHOST)
        found = [ip for kind in (_A, _AAAA) for ip in self._ask(host.rstrip("."), kind)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        kind = options["type"]
        return [
            (socket.AF_INET6, kind, 6, "", (ip, port, 0, 0))
            if ":" in ip
            else (socket.AF_INET, kind, 6, "", (ip, port))
            for ip in found
        ]

    def _ask(self, name: str, kind: int) -> list[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.sendto(struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + _question(name, kind), self._place)
            data = client.recv(4096)
        count, position, found = struct.unpack(">H", data[6:8])[0], _skip(data, 12) + 4, []
        for _ in range(count):
            position = _skip(data, position)
            given, _, _, size = struct.unpack(">HHIH", data[position : position + 10])
            value, position = data[position + 10 : position + 10 + size], position + 10 + size
            if given == kind:
                found.append(str(ip_address(value)))
        return found

    def _serve(self) -> None:
        while True:
            try:
                data, client = self._socket.recvfrom(4096)
            except OSError:
                return
            end = _skip(data, 12)
            name, kind = _name(data), struct.unpack(">H", data[end : end + 2])[0]
            self.asked.append((name, kind))
            records = self._records(name, kind)
            head = data[:2] + struct.pack(">5H", 0x8580, 1, len(records), 0, 0)
            self._socket.sendto(head + data[12 : end + 4] + b"".join(records), client)

    def _records(self, name: str, kind: int) -> list[bytes]:
        answers = self.zone.get(name, [[]])
        turn = self.asked.count((name, kind)) - 1
        records = []
        for value in answers[min(turn, len(answers) - 1)]:
            with contextlib.suppress(ValueError):
                ip = ip_address(value)
                if kind == (_AAAA if ip.version == 6 else _A):
                    records.append(_record(name, kind, ip.packed))
                continue
            self.asked.append((value, kind))
            records += [_record(name, _CNAME, _labels(value)), *self._records(value, kind)]
        return records

    def __enter__(self) -> Resolver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.split(".")) + b"\0"


def _question(name: str, kind: int) -> bytes:
    return _labels(name) + struct.pack(">HH", kind, 1)


def _record(name: str, kind: int, value: bytes) -> bytes:
    return _labels(name) + struct.pack(">HHIH", kind, 1, 0, len(value)) + value


def _skip(data: bytes, position: int) -> int:
    while data[position]:
        position += data[position] + 1
    return position + 1


def _name(data: bytes) -> str:
    position, parts = 12, []
    while data[position]:
        parts.append(data[position + 1 : position + 1 + data[position]].decode("ascii"))
        position += data[position] + 1
    return ".".join(parts)
