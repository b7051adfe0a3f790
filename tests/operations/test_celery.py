"""The production topology's worker: the same functions, woken through Redis, in a process of its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import services
from tests.operations.processes import ROOT, environment
from tests.ready import give_tables
from tests.services import free_port

SUBMIT = """
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, Source
channel = ChannelConfiguration.objects.select_related("credential").get()
for index in range(20):
    accept(through_channel(channel, to=f"+1415555{index:04d}", text="Hi", source=Source.API))
"""


@pytest.mark.redis
def test_celery_worker_delivers_what_was_accepted(tmp_path: Path) -> None:
    port = free_port()
    simulator_url = f"http://127.0.0.1:{port}"
    with services.redis() as redis_url:
        env = environment(
            SMSGATEWAY_DATA_DIR=str(tmp_path),
            SMSGATEWAY_PRIVATE_HOSTS=f"127.0.0.1:{port}",
            REDIS_URL=redis_url,
        )
        give_tables(tmp_path)
        _manage(env, "migrate", "--verbosity", "0")
        _manage(env, "shell", "-c", f"from operations import seed; seed.demo({simulator_url!r})")
        simulator = _start(env, sys.executable, "-m", "simulator", "--port", str(port), "--quiet")
        worker = _start(env, sys.executable, "-m", "celery", "-A", "smsgateway", "worker", "-l", "ERROR")
        try:
            _manage(env, "shell", "-c", SUBMIT)
            assert _accepted(tmp_path / "smsgateway.sqlite3", wanted=20)
            assert "a wake-up came back" in _manage(env, "doctor")
        finally:
            worker.terminate()
            simulator.terminate()
            assert worker.wait(timeout=40) == 0
            simulator.wait(timeout=10)


@pytest.mark.redis
def test_celery_worker_delivers_without_any_broker(tmp_path: Path) -> None:
    port = free_port()
    env = environment(
        SMSGATEWAY_DATA_DIR=str(tmp_path),
        SMSGATEWAY_PRIVATE_HOSTS=f"127.0.0.1:{port}",
        REDIS_URL=f"redis://127.0.0.1:{free_port()}/0",
    )
    give_tables(tmp_path)
    _manage(env, "migrate", "--verbosity", "0")
    _manage(env, "shell", "-c", f"from operations import seed; seed.demo('http://127.0.0.1:{port}')")
    simulator = _start(env, sys.executable, "-m", "simulator", "--port", str(port), "--quiet")
    worker = _start(env, sys.executable, "-m", "celery", "-A", "smsgateway", "worker", "-l", "CRITICAL")
    try:
        _manage(env, "shell", "-c", SUBMIT)
        assert _accepted(tmp_path / "smsgateway.sqlite3", wanted=20)
    finally:
        worker.kill()
        simulator.terminate()
        worker.wait(timeout=10)
        simulator.wait(timeout=10)


def _accepted(database: Path, *, wanted: int) -> bool:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM messaging_message WHERE state = 'accepted'"
            ).fetchone()
        if count == wanted:
            return True
        time.sleep(0.2)
    return False


def _manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=env, check=True, timeout=110, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _start(env: dict[str, str], *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=env)
