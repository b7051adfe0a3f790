"""The processes of a run: started, killed as a power cut would, started again. None is asked to end in order."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.services import Cluster, free_port

ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN = 60.0


def wait_for(is_so: Callable[[], bool], *, within: float, otherwise: str) -> None:
    """Look again and again until it is so; AssertionError when the time is over."""
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Process:
    """A command in a process group of its own; `name` counts how often it was started."""

    role: str
    command: tuple[str, ...]
    environment: Callable[[], Mapping[str, str]]
    log: Path
    user: str | None = None
    incarnation: int = 0
    ended_alone: int = 0
    _running: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Of this incarnation, such as "worker-1.3"."""
        return f"{self.role}.{self.incarnation}"

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        """Start it; returns at once."""
        self.incarnation += 1
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                self.command,
                env={**self.environment(), "PGAPPNAME": self.name},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.user,
            )

    def kill(self) -> None:
        """kill -9 of the whole group; returns when the process is gone. Nobody revives it: it did not end by itself."""
        running, self._running = self._running, None
        if running is not None:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()

    def revive(self) -> None:
        """What a supervisor does: start it again when it has ended by itself."""
        if self._running is not None and self._running.poll() is not None:
            self.ended_alone += 1
            self.start()

    def pause(self, number: int = signal.SIGSTOP) -> None:
        """Let it hang: it keeps its connections and answers nothing; SIGCONT ends that."""
        os.killpg(self.pid, number)


class CrashingCluster(Cluster):
    """A cluster whose server is our child, so that it can be killed with everything it started."""

    def __init__(self, directory: Path, *options: str) -> None:
        super().__init__(directory, *options)
        self.process = Process(
            "database",
            (f"{self._programs}/postgres", "-D", str(directory / "data"), *shlex.split(self._options)),
            lambda: os.environ,
            directory / "server.log",
            user="postgres" if os.geteuid() == 0 else None,
        )

    def start(self) -> None:
        """Start the server, recovering what a crash left, and wait until it answers."""
        self.process.start()
        wait_for(self._answers, within=_STARTS_WITHIN, otherwise="the database did not start")

    def stop(self) -> None:
        """kill -9 of the server and of every process it has."""
        children = [pid for pid in _pids() if _parent(pid) == self.process.pid]
        self.process.kill()
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(_runs, children)), within=10, otherwise="the database does not die")

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


def redis_process(directory: Path) -> tuple[Process, int]:
    """A Redis that keeps nothing, and its port."""
    port = free_port()
    command = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    return Process("redis", command, lambda: os.environ, directory / "redis.log"), port


def provider_process(directory: Path, *, port: int, seed: int, late: float) -> Process:
    """The provider that misbehaves; its log is `provider.log` in the directory."""
    command = (
        sys.executable, "-m", "bench.chaos.provider", "--port", str(port), "--seed", str(seed),
        "--log", str(directory / "provider.log"), "--late", str(late),
    )  # fmt: skip
    return Process("provider", command, lambda: os.environ, directory / "provider.out")


@dataclass
class Company:
    """Everybody who is on stage, to be sent home at the end."""

    processes: list[Process] = field(default_factory=list)
    at_the_end: list[Callable[[], None]] = field(default_factory=list)

    def add(self, process: Process) -> Process:
        """Start a process and keep it until the end."""
        self.processes.append(process)
        process.start()
        return process

    def revive(self) -> None:
        """Start again whoever ended by itself."""
        for process in self.processes:
            process.revive()

    def dismiss(self) -> None:
        """End them all."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError, AssertionError):
                process.pause(signal.SIGCONT)
            process.kill()
        for last in self.at_the_end:
            last()


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    return int((_stat(pid) or ["", "0"])[1])


def _runs(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])
