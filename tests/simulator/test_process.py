from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from simulator.__main__ import main
from tests.simulator.conftest import KEY, MESSAGE, Client


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"SIMULATOR_API_TOKEN": "from-environment"}
    command = [sys.executable, "-m", "simulator", "--port", "0", "--mac-id", "from-option"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as run:
        yield run
        run.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_whatever_hangs(process: subprocess.Popen[str], number: int) -> None:
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1].rstrip("/")
    accounts = requests.get(f"{url}/_accounts", timeout=5).json()["accounts"]
    assert [entry["secrets"][0]["value"] for entry in accounts[:2]] == ["from-environment", "from-option"]
    requests.post(f"{url}/_script", json=[{"action": {"timeout": 60}}], timeout=5)
    key = {"Authorization": "Bearer from-environment"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{url}/apikey/messages", json=MESSAGE, headers=key, timeout=0.2)
    started = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=5) == 0
    assert time.monotonic() - started < 1
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_it_ends_with_its_parent_s_pipe_when_asked_to() -> None:
    command = [sys.executable, "-m", "simulator", "--port", "0", "--exit-with-stdin"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline().startswith("Simulator ready")
        _, errors = run.communicate(timeout=5)
    assert (run.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [([], "Address already in use"), (["--callback-url", "ftp://x"], "not an http or https URL")],
)
def test_what_cannot_start_says_so_in_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1]), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\n\r\n",
        b"POST /apikey/messages HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /apikey/messages HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n",
        b"POST /apikey/messages HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10_000,
    ],
)
def test_broken_http_gets_a_refusal_and_the_end(client: Client, raw: bytes) -> None:
    host, port = client.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(raw)
        assert connection.recv(4096).startswith(b"HTTP/1.1 4")
    assert client.get("/_health") == {"status": "ok"}


def test_one_connection_serves_many_requests(client: Client) -> None:
    host, port = client.url.removeprefix("http://").split(":")
    head = f"GET /_health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for _ in range(3):
            connection.sendall(head)
            assert connection.recv(4096).endswith(b'{"status":"ok"}')


@pytest.mark.parametrize("path", ["/", "/accounts", "/faults"])
def test_pages_and_their_assets_come_from_here_alone(client: Client, path: str) -> None:
    page = client.session.get(client.url + path, timeout=5)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "//" not in page.text.replace("https://gateway.example.com", "")
    for asset in ("style.css", "icon.svg", "common.js"):
        assert client.session.get(f"{client.url}/pages/{asset}", timeout=5).status_code == 200
    assert client.session.get(f"{client.url}/pages/../server.py", timeout=5).status_code == 404


def test_auth_is_checked_before_the_body(client: Client) -> None:
    assert (
        client.post("/apikey/messages", data=b"{", headers={"Content-Type": "text/plain"}).status_code == 401
    )
    assert client.post("/apikey/messages", data=b"{", headers=KEY).status_code == 415
