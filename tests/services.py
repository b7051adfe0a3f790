"""Private PostgreSQL and Redis servers for tests: own directory, own port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests import ready
from tests.plugins.suites import postgresql_bin


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A PostgreSQL cluster in a directory of its own. As root it belongs to `postgres`: initdb demands it."""

    def __init__(self, directory: Path, *options: str, empty: bool = False) -> None:
        self._programs, self._port, self._directory = postgresql_bin(), free_port(), directory
        self._run = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._run:
            shutil.chown(directory, user="postgres")
            directory.chmod(0o755)
        if not (directory / "data").exists():  # one that was kept is used again
            if empty or not ready.is_shared():
                self._quietly("initdb", "-A", "trust", "-U", "postgres")
            else:
                subprocess.run(
                    ["cp", "-a", ready.once("postgresql", _with_tables) / "data", directory], check=True
                )
        server = (
            f"-p {self._port}",
            "-c listen_addresses=127.0.0.1",
            f"-k {directory}",
            "-c max_connections=200",
        )
        self._options = " ".join((*server, *options))

    @property
    def url(self) -> str:
        """Its DATABASE_URL."""
        return f"postgres://postgres@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        """Of its first process, the parent of all others."""
        return int((self._directory / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._quietly("pg_ctl", "-w", "-o", self._options, "-l", str(self._directory / "log"), "start")

    def stop(self, *, mode: str = "immediate") -> None:
        """Stop it as a crash would: no goodbye, recovery at the next start. In the mode "fast" it says goodbye."""
        self._quietly("pg_ctl", "-m", mode, "stop")

    def _quietly(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._run, f"{self._programs}/{program}", "-D", str(self._directory / "data"), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd="/",
        )


def _with_tables(directory: Path) -> None:
    made = Cluster(directory, "-c fsync=off", empty=True)
    made.start()
    try:
        ready.migrate(directory / "keys", made.url)
    finally:
        made.stop(mode="fast")


@contextmanager
def cluster(*options: str, empty: bool = False) -> Iterator[Cluster]:
    """A fresh cluster that runs; stopped and removed afterwards, also when it was stopped meanwhile.

    Where databases are shared (`tests.ready`) it has all tables, unless it must be empty.
    """
    directory = Path(tempfile.mkdtemp(prefix="smsgateway-postgres-", dir="/tmp"))
    made = Cluster(directory, *options, empty=empty)
    made.start()
    try:
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            made.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def postgresql(*, empty: bool = False) -> Iterator[str]:
    """A fresh cluster without fsync; gives its DATABASE_URL."""
    with cluster("-c fsync=off", empty=empty) as made:
        yield made.url


@contextmanager
def redis() -> Iterator[str]:
    """A fresh Redis that keeps nothing on disk; gives its REDIS_URL."""
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def wait_for_port(port: int) -> None:
    """Wait until something listens there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
