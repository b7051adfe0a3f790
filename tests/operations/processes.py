"""Starting the gateway's processes from tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ready import give_tables
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]


def environment(**values: str) -> dict[str, str]:
    """The process environment as on a fresh machine: no setting of the test run leaks in."""
    dropped = ("SMSGATEWAY_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | values


@dataclass
class Up:
    """A running `manage.py up` and what it printed."""

    process: subprocess.Popen[str]
    port: int
    simulator_port: int
    printed: str
    ready_after: float

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code and seconds it took to end."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=35)
        return code, time.monotonic() - started


@contextmanager
def up(data_dir: Path, *arguments: str, from_nothing: bool = False, **values: str) -> Iterator[Up]:
    """`manage.py up` on free ports, ready, with `values` set; killed at the end if it still runs.

    Only `from_nothing` makes its tables itself in any case.
    """
    if not from_nothing and not data_dir.joinpath("keys.json").exists():
        give_tables(data_dir)
    port, simulator_port = free_port(), free_port()
    started = time.monotonic()
    process = manage(
        "up",
        "--data-dir",
        str(data_dir),
        "--port",
        str(port),
        "--simulator-port",
        str(simulator_port),
        *arguments,
        **values,
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready"):
                break
        else:
            raise AssertionError(f"not ready: {process.wait()} {''.join(lines)}")
        yield Up(process, port, simulator_port, "".join(lines), time.monotonic() - started)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def manage(*arguments: str, **values: str) -> subprocess.Popen[str]:
    """`python manage.py …` with its output in one pipe."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(**values),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
