"""One process: web server, Celery worker and ticker as threads, the simulator as a child process beside them."""

from __future__ import annotations

import gc
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import requests
from celery import current_app
from django.conf import settings
from waitress.server import create_server

from core.errors import InstallationInvalid
from core.wsgi import application
from messaging.stopping import stopping
from operations.models import Heartbeat
from operations.tasks import answer
from operations.worker import finish, leave_at_once
from webhooks.spool import keeper

WEB_THREADS = 6
WORKER_THREADS = 4
_READY_WITHIN_SECONDS = 30.0
_SIMULATOR_STOPS_WITHIN_SECONDS = 2.0


@dataclass
class Embedded:
    """The running parts; `run` returns when a signal came or a part died."""

    host: str
    port: int
    simulator_port: int | None
    _stop: threading.Event = field(default_factory=threading.Event)
    _failed: str = ""
    _told: bool = False

    def start(self) -> None:
        """Start everything and wait until an HTTP request and a worker round trip have succeeded."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._simulator = self._start_simulator()
        self._server: Any = create_server(_application(), host=self.host, port=self.port, threads=WEB_THREADS)
        self._worker = _worker()
        keeper.start()
        self._start_thread("web", self._server.run)
        self._start_thread("worker", self._worker.start)
        self._wait_for_http()
        self._wait_for_worker()
        # What is loaded by now stays for good: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()

    def run(self) -> int:
        """Watch until told to stop; gives the exit code."""
        while not self._stop.wait(0.2):
            if self._simulator is not None and self._simulator.poll() is not None:
                self._failed = "the simulator ended"
                break
        self.stop()
        if self._failed:
            sys.stderr.write(f"smsgateway: {self._failed}; stopped.\n")
        return 1 if self._failed else 0

    def stop(self) -> None:
        """Take nothing new, let what is on the wire finish, then end the simulator it may be talking to."""
        stopping.set()
        self._server.close()
        finish()
        self._worker.stop()
        keeper.stop()
        if self._simulator is not None:
            self._simulator.terminate()
            try:
                self._simulator.wait(timeout=_SIMULATOR_STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                self._simulator.kill()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._told:
            leave_at_once()  # the simulator sees its standard input close and ends too
        self._told = True
        self._stop.set()

    def _start_thread(self, name: str, run: Any) -> None:
        def guarded() -> None:
            try:
                run()
            except Exception as error:
                self._failed = f"the {name} ended: {error}"
            finally:
                if not self._stop.is_set():
                    self._failed = self._failed or f"the {name} ended"
                    self._stop.set()

        threading.Thread(target=guarded, name=f"embedded-{name}", daemon=True).start()

    def _start_simulator(self) -> subprocess.Popen[bytes] | None:
        if self.simulator_port is None:
            return None
        # Its standard input is our pipe: when this process dies, however it dies, the simulator ends too.
        return subprocess.Popen(  # noqa: S603  our own module, no input from outside
            [
                sys.executable, "-m", "simulator", "--host", "127.0.0.1", "--port", str(self.simulator_port),
                "--quiet", "--exit-with-stdin",
            ],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us: the simulator answers what is on the wire first
            cwd=settings.BASE_DIR,
        )  # fmt: skip

    def _wait_for_http(self) -> None:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  compared, not bound
        urls = [f"http://{host}:{self.port}/healthz"]
        if self.simulator_port is not None:
            urls.append(f"http://127.0.0.1:{self.simulator_port}/_health")
        for url in urls:
            self._until(lambda url=url: _answers(url), f"{url} did not answer")

    def _wait_for_worker(self) -> None:
        token = secrets.token_hex(8)
        answer.delay(token)
        self._until(
            lambda: Heartbeat.objects.filter(kind="round_trip", token=token).exists(),
            "the worker did not answer",
        )

    def _until(self, is_done: Any, otherwise: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not is_done():
            if self._stop.is_set() or time.monotonic() > deadline:
                raise InstallationInvalid(self._failed or otherwise)
            time.sleep(0.05)


def _answers(url: str) -> bool:
    session = requests.Session()
    session.trust_env = False
    try:
        return session.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def _application() -> Any:
    return application()


def _worker() -> Any:
    """A Celery worker with a thread pool on the in-memory broker; making it starts the ticker (operations.worker)."""
    current_app.set_default()
    return current_app.WorkController(
        pool_cls="threads",
        concurrency=WORKER_THREADS,
        hostname="embedded@localhost",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
    )
