"""An application that submits through the API: an idempotency key for each message, and again until it gets a 2xx."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.chaos.record import Accepted

_TWICE = (
    0.05  # share of messages that are submitted again after their 2xx, as a client does that never saw it
)
_NUMBERS = 4_000
_TIMEOUT = 15.0


@dataclass
class Application:
    """Some threads that submit `total` messages; `may_go` holds them back, `stop` ends them."""

    port: int
    api_key: str
    channel: str
    seed: int
    total: int
    may_go: Callable[[int], bool]
    threads: int = 4
    accepted: list[Accepted] = field(default_factory=list)
    latencies: list[tuple[float, float]] = field(
        default_factory=list
    )  # when it began, seconds of each request
    refused: list[str] = field(default_factory=list)
    retries: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin; returns at once."""
        self._indexes = iter(range(self.total))
        self._lock = threading.Lock()
        self._running = [threading.Thread(target=self._work, daemon=True) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()

    @property
    def is_done(self) -> bool:
        """Whether every message has its 2xx."""
        return not any(thread.is_alive() for thread in self._running)

    def _work(self) -> None:
        session = Session(self.port, self.api_key)
        for index in self._next():
            while not self.may_go(index) and not self.stop.is_set():
                time.sleep(0.01)
            if self.stop.is_set():
                return
            self._submit(session, index)

    def _next(self) -> Iterator[int]:
        while True:
            with self._lock:
                index = next(self._indexes, None)
            if index is None:
                return
            yield index

    def _submit(self, session: Session, index: int) -> None:
        text, ids = f"chaos {index}", set()
        body = {"to": f"+1415{5_600_000 + index % _NUMBERS}", "channel": self.channel, "text": text}
        times = 2 if random.Random(f"{self.seed}:{index}").random() < _TWICE else 1
        moment = 0.0
        for _ in range(times):
            answer = self._until_accepted(session, f"chaos-{self.seed}-{index}", body)
            if answer is None:
                return
            ids.add(answer)
            moment = moment or time.time()
        self.accepted.append(Accepted(text, moment, frozenset(ids)))

    def _until_accepted(self, session: Session, key: str, body: dict[str, str]) -> str | None:
        """The id of the message; None when it was refused for good, or the run is over."""
        while not self.stop.is_set():
            began = time.time()
            status, answer = session.post("/api/v1/messages", key, body)
            self.latencies.append((began, time.time() - began))
            if 200 <= status < 300:
                return str(answer["id"])
            if status not in (0, 409, 429) and status < 500:
                self.refused.append(f"{key}: {status} {answer}")
                return None
            self.retries += 1
            time.sleep(0.1)
        return None


class Session:
    """One kept connection to the API, opened again when it broke."""

    def __init__(self, port: int, api_key: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def post(self, path: str, key: str, body: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Status and answer; (0, {}) when there was none."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        try:
            headers = {**self._headers, "Idempotency-Key": key}
            self._connection.request("POST", path, json.dumps(body), headers)
            answer = self._connection.getresponse()
            read: dict[str, str] = json.loads(answer.read())
            return answer.status, read
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            self._connection = None
            return 0, {}
