"""Real `celery worker` processes of a gateway, for benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.production import ROOT, Gateway

_STARTED_WITHIN = 240.0


@contextmanager
def workers(gateway: Gateway, count: int) -> Iterator[None]:
    """So many workers, each answering; killed afterwards."""
    processes = [_start(gateway, number) for number in range(count)]
    try:
        deadline = time.monotonic() + _STARTED_WITHIN
        while _answering(gateway) < count:
            assert time.monotonic() < deadline, f"{count} workers did not start"
            assert all(process.poll() is None for process in processes), "a worker ended"
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start(gateway: Gateway, number: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable, "-m", "celery", "-A", "smsgateway", "worker", "-n", f"w{number}@%h", "-l", "ERROR",
            "--without-gossip", "--without-mingle",
        ],
        env=gateway.environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=(gateway.data_dir / f"worker-{number}.log").open("wb"),
    )  # fmt: skip


def _answering(gateway: Gateway) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "smsgateway", "inspect", "ping", "-t", "5", "--json"],
        env=gateway.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return len(json.loads(done.stdout)) if done.returncode == 0 else 0
