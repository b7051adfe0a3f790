"""The files of production hang together, and their very commands make a gateway that sends."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.beat import schedule
from operations.periodic import PERIODIC
from tests import services
from tests.operations.processes import ROOT, environment
from tests.services import free_port

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = ("migrate", "web", "worker", "beat")
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
SETTINGS = (ROOT / "smsgateway" / "settings.py").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
PRODUCTION = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
KNOWN = set(re.findall(r'env\.\w+\(\s*"(\w+)"', SETTINGS))


def command_of(service: str) -> list[str]:
    return list(COMPOSE["services"][service]["command"])


def test_every_service_is_there() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "redis", *OURS}
    assert set(COMPOSE["volumes"]) == {"postgres", "data", "spool"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_locked_down_and_end_in_order(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert service["stop_grace_period"] == "35s"
    assert set(service["environment"]) <= KNOWN
    assert service["environment"]["SMSGATEWAY_DATA_DIR"] == "/data"


def test_only_the_local_machine_reaches_a_port() -> None:
    ports = {name: service.get("ports", []) for name, service in COMPOSE["services"].items()}
    assert ports.pop("web") == ["127.0.0.1:8000:8000"]
    assert not any(ports.values())


def test_what_compose_asks_for_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert asked == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "SMSGATEWAY_PUBLIC_URL"}
    assert {name for name in asked if f"# {name}=" not in EXAMPLE} == set()


def test_the_example_knows_only_settings() -> None:
    listed = set(re.findall(r"^# (\w+)=", EXAMPLE, re.MULTILINE)) - {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    assert listed - KNOWN == set()


def test_redis_evicts_nothing() -> None:
    assert "--maxmemory-policy noeviction" in " ".join(command_of("redis"))


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_compose_systemd_and_documentation_run_the_same_command(name: str) -> None:
    def same(words: list[str]) -> str:
        return re.sub(r"--host \S+", "--host 127.0.0.1", " ".join(words))

    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "systemd" / f"smsgateway-{name}.service")
    start = unit["Service"]["ExecStart"].replace("/opt/smsgateway/.venv/bin/", "").split()
    assert same(start) == same(command_of(name))
    assert f"`{same(start)}`" in PRODUCTION


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_units_wait_for_what_is_on_the_wire_and_are_hardened(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    for line in (
        "TimeoutStopSec=35",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
    ):
        assert line in lines
    assert len(UNITS) == 3


def test_the_image_installs_by_hash_what_the_project_asks_for() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements-production.lock" in text
    assert json.loads(text.rpartition("CMD ")[2]) == command_of("web")
    assert re.search(r"^USER smsgateway$", text, re.MULTILINE)

    def pins(name: str) -> dict[str, str]:
        lines = (ROOT / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", lines, re.MULTILINE))

    production, tested = pins("requirements-production.lock"), pins("requirements-dev.lock")
    assert {"granian", "psycopg", "django", "celery"} <= set(production)
    assert {name: pin for name, pin in production.items() if tested.get(name) != pin} == {}


def test_nothing_private_gets_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".env", "var", ".git"} <= set(ignored)


def test_the_schedule_of_beat_is_the_list_that_workers_run() -> None:
    entries = schedule()
    assert {name: entry["schedule"].total_seconds() for name, entry in entries.items()} == {
        item.run.__name__: item.every for item in PERIODIC
    }
    assert len(entries) == len(PERIODIC)


@pytest.mark.redis
@pytest.mark.postgresql
@pytest.mark.timeout(600)
def test_the_commands_of_compose_make_a_gateway_that_is_ready(tmp_path: Path) -> None:
    port = free_port()
    with services.postgresql(empty=True) as database_url, services.redis() as redis_url:
        env = environment(
            DATABASE_URL=database_url,
            REDIS_URL=redis_url,
            SMSGATEWAY_DATA_DIR=str(tmp_path),
            SMSGATEWAY_LOG_FORMAT="json",
            SMSGATEWAY_LOG_LEVEL="INFO",
            PYTHONWARNINGS="ignore",  # Celery warns whoever runs the tests as root
            PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        )
        subprocess.run(command_of("migrate"), cwd=ROOT, env=env, check=True, timeout=100, capture_output=True)
        with running(env, port, tmp_path) as processes:
            parts = until_ready(port)
            assert parts == {"ready": True, "database": "ok", "worker": "ok", "broker": "ok"}
            assert until_beat(env)
            ended = {name: end(process) for name, process in processes.items()}
    assert ended == {"web": 0, "worker": 0, "beat": 0}
    for name in processes:
        lines = [line for line in (tmp_path / f"{name}.log").read_text().splitlines() if line.strip()]
        assert [line for line in lines if not line.startswith("{")] == [], name
        assert all(json.loads(line)["logger"] for line in lines)


@contextmanager
def running(env: dict[str, str], port: int, logs: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    processes = {}
    try:
        for name in ("web", "worker", "beat"):
            command = [str(port) if word == "8000" else word for word in command_of(name)]
            with (logs / f"{name}.log").open("wb") as log:
                processes[name] = subprocess.Popen(
                    command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=log
                )
        yield processes
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def until_ready(port: int) -> dict[str, object]:
    deadline, parts = time.monotonic() + 200, {}
    while time.monotonic() < deadline and list(parts.values()).count("ok") < 3:
        time.sleep(0.3)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                parts = json.load(answer)
        except (urllib.error.URLError, OSError):
            continue
    return parts


def until_beat(env: dict[str, str]) -> bool:
    script = (
        "import time; from operations.models import Heartbeat\n"
        "for _ in range(100):\n"
        "    if Heartbeat.objects.filter(kind='beat').exists(): print('beaten'); break\n"
        "    time.sleep(0.2)"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", script],
        cwd=ROOT, env=env, check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    return "beaten" in done.stdout


def end(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=40)
