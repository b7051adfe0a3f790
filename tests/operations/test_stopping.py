"""SIGTERM while requests are on the wire: they get their result, nothing is left claimed or sending."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests import services
from tests.operations.processes import environment, up
from tests.operations.test_celery import _manage, _start
from tests.ready import give_tables
from tests.services import free_port

SLOW = "+14155990200"  # the simulator answers after 5 seconds
STOPS_WITHIN = 30.0
SUBMIT = f"""
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, Source
channel = ChannelConfiguration.objects.select_related("credential").get()
for number in ["{SLOW}"] * 4:
    accept(through_channel(channel, to=number, text="Hi", source=Source.API))
"""


def states(directory: Path) -> dict[str, int]:
    """How many messages are in each state."""
    with sqlite3.connect(f"file:{directory / 'smsgateway.sqlite3'}?mode=ro", uri=True) as connection:
        return dict(
            connection.execute("SELECT state, count(*) FROM messaging_message GROUP BY state").fetchall()
        )


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def submit(port: int, printed: str, *, count: int) -> None:
    key = printed.split("API key (shown once): ")[1].split()[0]
    for _ in range(count):
        answer = requests.post(
            f"http://127.0.0.1:{port}/api/v1/messages",
            json={"to": SLOW, "channel": "demo", "text": "Hello"},
            headers={"Authorization": f"Bearer {key}"},
            timeout=10,
        )
        assert answer.status_code == 202


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_process_finishes_what_is_on_the_wire(number: int, tmp_path: Path) -> None:
    with up(tmp_path) as gateway:
        submit(gateway.port, gateway.printed, count=4)
        until(lambda: states(tmp_path).get("sending", 0) > 0)
        on_the_wire = states(tmp_path)["sending"]
        code, seconds = gateway.stop(number)
    left = states(tmp_path)
    assert (code, seconds < STOPS_WITHIN) == (0, True)
    assert set(left) <= {"accepted", "queued"}
    assert left["accepted"] >= on_the_wire


def test_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    with up(tmp_path) as gateway:
        submit(gateway.port, gateway.printed, count=1)
        until(lambda: states(tmp_path).get("sending", 0) > 0)
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        code, seconds = gateway.stop(signal.SIGTERM)
    assert (code, seconds < 2) == (1, True)
    assert states(tmp_path) == {"sending": 1}  # its lease makes it unknown


@pytest.mark.redis
def test_celery_worker_finishes_what_is_on_the_wire(tmp_path: Path) -> None:
    port = free_port()
    with services.redis() as redis_url:
        env = environment(
            SMSGATEWAY_DATA_DIR=str(tmp_path),
            SMSGATEWAY_PRIVATE_HOSTS=f"127.0.0.1:{port}",
            REDIS_URL=redis_url,
        )
        give_tables(tmp_path)
        _manage(env, "migrate", "--verbosity", "0")
        seed = f"from operations import seed; seed.demo('http://127.0.0.1:{port}')"
        _manage(env, "shell", "-c", seed)
        simulator = _start(env, sys.executable, "-m", "simulator", "--port", str(port), "--quiet")
        worker = _start(env, sys.executable, "-m", "celery", "-A", "smsgateway", "worker", "-l", "ERROR")
        try:
            _manage(env, "shell", "-c", SUBMIT)
            until(lambda: states(tmp_path).get("sending", 0) > 0)
            on_the_wire = states(tmp_path)["sending"]
            started = time.monotonic()
            worker.terminate()
            assert worker.wait(timeout=STOPS_WITHIN) == 0
            assert time.monotonic() - started < STOPS_WITHIN
        finally:
            worker.kill()
            simulator.terminate()
            simulator.wait(timeout=10)
    left = states(tmp_path)
    assert set(left) <= {"accepted", "queued"}
    assert left["accepted"] >= on_the_wire
