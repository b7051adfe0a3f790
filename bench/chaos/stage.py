"""Opening and closing: a directory, the company and, where wanted, a database that can be killed."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.chaos.cast import (
    Company,
    CrashingCluster,
    Process,
    listens,
    provider_process,
    redis_process,
    wait_for,
)
from bench.chaos.scene import TIMEOUT, Scene

LATE = TIMEOUT + 1.5  # seconds of an answer that comes too late
_UP_WITHIN = 120.0


def on_stage(play: Callable[[Path, Company], int]) -> int:
    """Run it in a directory of its own and send everybody home; the logs of a run that failed are kept."""
    directory = Path(tempfile.mkdtemp(prefix="smsgateway-chaos-", dir="/tmp"))
    directory.chmod(0o755)  # the database server is another user
    company, code = Company(), 1
    try:
        code = play(directory, company)
    finally:
        company.dismiss()
        if code:
            sys.stderr.write(f"logs: {directory}\n")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return code


class Production:
    """PostgreSQL, Redis, a provider, a web server and workers; `scene` says where to find them."""

    def __init__(
        self, directory: Path, company: Company, *, seed: int, workers: int, **settings: str
    ) -> None:
        (directory / "postgres").mkdir()
        self.cluster = CrashingCluster(directory / "postgres")
        company.at_the_end.append(self.cluster.stop)
        self.cluster.start()
        self.redis, port = redis_process(directory)
        broker = f"redis://127.0.0.1:{port}/0"
        self.scene = Scene(directory, {"DATABASE_URL": self.cluster.url, "REDIS_URL": broker, **settings})
        self.scene.set_up()
        company.add(self.redis)
        company.add(provider_process(directory, port=self.scene.provider_port, seed=seed, late=LATE))
        self.web = company.add(web_process(self.scene))
        self.workers = [company.add(worker_process(self.scene, number)) for number in range(1, workers + 1)]
        wait_until_up(self.scene)

    def crash(self, chances: random.Random) -> str:
        """Kill the database, leave it down for a while, let it recover."""
        self.cluster.stop()
        died = self.cluster.process.name
        time.sleep(chances.choice((0.0, 0.5, 2.0)))
        self.cluster.start()
        return died


def wait_until_up(scene: Scene) -> None:
    """Until the web server takes connections."""
    wait_for(lambda: listens(scene.port), within=_UP_WITHIN, otherwise="the web server did not start")


def again(process: Process, *, after: float = 0.0) -> str:
    """Kill it and start it again `after` seconds; the name of the incarnation that died."""
    process.kill()
    died = process.name
    time.sleep(after)
    process.start()
    return died


def web_process(scene: Scene) -> Process:
    """granian with two workers, as in production."""
    command = (
        sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(scene.port), "--no-log",
        "--workers", "2", "--blocking-threads", "2", "smsgateway.wsgi:application",
    )  # fmt: skip
    return Process("web", command, scene.environment, scene.directory / "web.log")


def worker_process(scene: Scene, number: int) -> Process:
    """A Celery worker, as in production."""
    name = f"worker-{number}"
    command = (
        sys.executable, "-m", "celery", "-A", "smsgateway", "worker", "-n", f"{name}@%h", "-l", "WARNING",
    )  # fmt: skip
    return Process(name, command, scene.environment, scene.directory / f"{name}.log")


def gateway_process(scene: Scene) -> Process:
    """The embedded default: everything in one process."""
    command = (
        sys.executable, "manage.py", "up", "--no-simulator", "--port", str(scene.port),
        "--data-dir", str(scene.directory / "data"),
    )  # fmt: skip
    return Process("gateway", command, scene.environment, scene.directory / "gateway.log")
