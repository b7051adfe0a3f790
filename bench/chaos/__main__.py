"""`make chaos`: web, workers, Redis and PostgreSQL are killed at random while an application submits messages."""

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
from bench.chaos.play import Plan, conclude, perform
from bench.chaos.scene import TIMEOUT, Scene

FULL = Plan(
    seed=20, messages=20_000, kills={"worker": 50, "web": 22, "redis": 20, "database": 12}, within=1800
)
SHORT = Plan(seed=21, messages=900, kills={"worker": 8, "web": 3, "redis": 3, "database": 2}, within=200)
WORKERS = 2


def main(arguments: list[str]) -> int:
    plan = SHORT if "--short" in arguments else FULL
    directory = Path(tempfile.mkdtemp(prefix="smsgateway-chaos-", dir="/tmp"))
    cluster_directory = directory / "postgres"
    cluster_directory.mkdir()
    directory.chmod(0o755)
    company = Company()
    cluster = CrashingCluster(cluster_directory)
    try:
        cluster.start()
        code = conclude(stage(plan, directory, company, cluster))
    finally:
        company.dismiss()
        cluster.stop()
    if code:
        sys.stderr.write(f"logs: {directory}\n")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return code


def stage(plan: Plan, directory: Path, company: Company, cluster: CrashingCluster):  # type: ignore[no-untyped-def]
    """Start everybody and perform."""
    redis, redis_port = redis_process(directory)
    scene = Scene(directory, {"DATABASE_URL": cluster.url, "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0"})
    scene.set_up()
    company.add(redis)
    company.add(provider_process(directory, port=scene.provider_port, seed=plan.seed, late=TIMEOUT + 1.5))
    web = company.add(web_process(scene))
    workers = [company.add(worker_process(scene, number)) for number in range(1, WORKERS + 1)]
    wait_for(lambda: listens(scene.port), within=60, otherwise="the web server did not start")
    chances = random.Random(plan.seed)
    victims: dict[str, Callable[[], str]] = {
        "web": lambda: again(web),
        "worker": lambda: again(chances.choice(workers)),
        "redis": lambda: again(redis, after=chances.choice((0.0, 0.0, 1.5))),
        "database": lambda: crash(cluster, chances),
    }
    return perform(plan, scene, company, victims)


def again(process: Process, *, after: float = 0.0) -> str:
    """Kill it and start it again; the name of the incarnation that died."""
    process.kill()
    died = process.name
    time.sleep(after)
    process.start()
    return died


def crash(cluster: CrashingCluster, chances: random.Random) -> str:
    """Kill the database, at times twice in a row, and let it recover."""
    cluster.stop()
    died = cluster.process.name
    time.sleep(chances.choice((0.0, 0.5, 2.0)))
    cluster.start()
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
