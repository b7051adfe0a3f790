"""Kannel 1.4 beside us: bearerbox with a spool store and one generic HTTP connection, smsbox in front of it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.sending import TEXT
from tests.services import free_port, wait_for_port

_CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
box-allow-ip = 127.0.0.1
store-type = spool
store-location = {directory}/spool
log-file = {directory}/bearerbox.log
log-level = 3

group = smsc
smsc = http
smsc-id = bench
system-type = generic
port = {incoming}
send-url = "http://127.0.0.1:{provider}/messages?to=%p&from=%P&text=%b"
status-success-regex = "accepted"
max-pending-submits = {in_flight}

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {sendsms}
log-file = {directory}/smsbox.log
log-level = 3
max-pending-requests = 512

group = sendsms-user
username = bench
password = bench
max-messages = 1
"""


@dataclass(frozen=True)
class Kannel:
    """Both boxes running."""

    port: int
    pids: tuple[int, ...]
    name: str = "Kannel"

    def requests(self, numbers: list[str], each: int) -> list[bytes]:
        """One request for each message, whatever `each` says: smsbox takes them in no other way."""
        return [self._get(number) for number in numbers]

    def settle(self, count: int) -> None:
        """Nothing to wait for: what the provider has seen is done with."""

    @staticmethod
    def _get(number: str) -> bytes:
        query = urlencode(
            {"username": "bench", "password": "bench", "from": "15005550006", "to": number, "text": TEXT}
        )
        return f"GET /cgi-bin/sendsms?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def is_installed() -> bool:
    """Whether both programs are here (Debian package `kannel`)."""
    return all(shutil.which(program, path="/usr/sbin:/usr/bin") for program in ("bearerbox", "smsbox"))


@contextmanager
def kannel(directory: Path, *, provider: int, in_flight: int) -> Iterator[Kannel]:
    """Both boxes on ports of their own; gone afterwards."""
    (directory / "spool").mkdir()
    admin, box, incoming, sendsms = (free_port() for _ in range(4))
    file = directory / "kannel.conf"
    file.write_text(
        _CONFIGURATION.format(
            admin=admin, box=box, incoming=incoming, sendsms=sendsms, directory=directory, provider=provider,
            in_flight=in_flight,
        )
    )  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    try:
        for program, port in (("bearerbox", box), ("smsbox", sendsms)):
            running.append(
                subprocess.Popen(
                    [f"/usr/sbin/{program}", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            wait_for_port(port)
        time.sleep(1)  # the boxes still have to find each other
        yield Kannel(sendsms, tuple(process.pid for process in running))
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(timeout=10)
