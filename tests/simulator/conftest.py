"""A simulator and a stand-in for the gateway's callback URL, each on a free port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from simulator.accounts import Settings
from simulator.server import Simulator

KEY = {"Authorization": "Bearer demo-api-token"}
MESSAGE = {"from": "+14155550199", "to": "+14155550100", "content": "Hello"}


class Receiver:
    """Takes callbacks; answers with the statuses of `answers` in turn, then 200."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 2

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.times.append(time.monotonic())
                receiver.bodies.append(json.loads(body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/t/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Client:
    """Short ways to the simulator under test."""

    def __init__(self, simulator: Simulator, session: requests.Session) -> None:
        self.url = simulator.url
        self.state = simulator.state
        self.session = session

    def get(self, path: str) -> dict[str, Any]:
        return self.session.get(self.url + path, timeout=5).json()

    def look_up(self, reference: str, *, headers: dict[str, str]) -> requests.Response:
        address = f"{self.url}/apikey/messages"
        return self.session.get(address, params={"clientReference": reference}, headers=headers, timeout=5)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, timeout=5, **options)

    def send(self, **fields: Any) -> requests.Response:
        return self.post("/apikey/messages", json=MESSAGE | fields, headers=KEY)

    def script(self, **rule: Any) -> requests.Response:
        return self.post("/_script", json=[rule])


def eventually(check: Callable[[], object], *, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator(Settings(report_delay=0.02)).start()
    yield running
    running.stop()


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    with requests.Session() as session:
        session.trust_env = False
        yield Client(simulator, session)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.reports.RETRY_WAITS", (0.02, 0.04, 0.08))
    monkeypatch.setattr("simulator.reports.SPACING", 0.15)
