"""Delivery reports and inbound texts on their way to the gateway: a heap of due times and a few workers."""

from __future__ import annotations

import heapq
import json
import threading
import time
from dataclasses import dataclass
from itertools import count

from simulator.actions import Action
from simulator.messages import Message, Messages, Reply, iso
from simulator.outbound import Poster, PostFailed

RETRY_WAITS = (1.0, 2.0, 4.0)  # seconds before each further try
SPACING = 0.2  # seconds between several reports of one message
EARLY_TIMEOUT = 5.0
TICK = 0.02  # seconds; what is due within a tick goes out together: a wake-up costs more than a post
BATCH = 4
SLOW = 0.25  # seconds; when a post takes longer, the rest of its batch goes to other workers
REPLY_TIMEOUT = 25.0  # the gateway may wait some seconds before it answers a STOP


@dataclass(slots=True)
class Job:
    """One body for one URL; `entry` is where the result is written down."""

    url: str
    body: bytes
    entry: Message | Reply
    report: str = ""
    tries: int = 0


class Reports:
    """Posts bodies when they are due, at most four times each; the workers share one heap."""

    def __init__(self, *, messages: Messages, delay: float, workers: int) -> None:
        self.messages = messages
        self.delay = delay
        self._poster = Poster()
        self._heap: list[tuple[float, int, Job]] = []
        self._order = count()
        self._condition = threading.Condition()
        self._watched = False
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"reports-{number}", daemon=True)
            for number in range(workers)
        ]

    def start(self) -> None:
        """Starts the workers."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Ends the workers after the post they are at; what is not yet due is dropped."""
        with self._condition:
            self._closed = True
            self._heap.clear()
            self._condition.notify_all()
        self._poster.close()

    def clear(self) -> None:
        """Drops everything that is not yet due."""
        with self._condition:
            self._heap.clear()

    @property
    def waiting(self) -> int:
        """How many posts are not yet due."""
        return len(self._heap)

    def report(self, message: Message, url: str, action: Action) -> None:
        """Plans the message's reports as the action wants them; an early one is posted here and now."""
        jobs = [
            Job(url, report_body(message, status, action.report_code), message, status)
            for status in action.reports
            for _ in range(action.copies)
        ]
        if action.early and jobs:
            self._try(jobs.pop(0), timeout=EARLY_TIMEOUT)
        delay = self.delay if action.report_delay is None else action.report_delay
        for position, job in enumerate(jobs):
            self._plan(job, delay + position * SPACING)

    def send_reply(self, reply: Reply) -> None:
        """Posts a handset's text at once and waits for the answer; a failure is tried again later."""
        self._try(Job(reply.url, inbound_body(reply), reply), timeout=REPLY_TIMEOUT)

    def _plan(self, job: Job, delay: float) -> None:
        with self._condition:
            if self._closed:
                return
            entry = (time.monotonic() + delay, next(self._order), job)
            heapq.heappush(self._heap, entry)
            if self._heap[0] is entry:
                self._watched = False
                self._condition.notify()

    def _work(self) -> None:
        while batch := self._next():
            started = time.monotonic()
            while batch and time.monotonic() - started < SLOW:
                self._try(batch.pop(0))
            for job in batch:
                self._plan(job, 0.0)

    def _next(self) -> list[Job]:
        """Due jobs; none at the end. One idle worker waits for the earliest time, the others until called."""
        with self._condition:
            while not self._closed:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    batch = self._pop_due()
                    self._watched = False
                    if self._heap:
                        self._condition.notify()
                    return batch
                if wait is None or self._watched:
                    self._condition.wait()
                else:
                    self._watched = True
                    self._condition.wait(wait + TICK)
                    self._watched = False
            return []

    def _pop_due(self) -> list[Job]:
        now = time.monotonic()
        batch: list[Job] = []
        while self._heap and self._heap[0][0] <= now and len(batch) < BATCH:
            batch.append(heapq.heappop(self._heap)[2])
        return batch

    def _try(self, job: Job, *, timeout: float = 15.0) -> None:
        """One post; counts and writes down the result and plans the next try when it failed."""
        kind = "reports" if job.report else "inbound"
        job.tries += 1
        try:
            status, why = self._poster.post(job.url, job.body, timeout=timeout), ""
        except PostFailed as error:
            status, why = 0, f"The callback URL gave no answer: {error}"
        if 200 <= status < 300:
            self.messages.count(f"{kind}_answered")
            self.messages.note(job.entry, answer=status, report=job.report)
            return
        self.messages.count(f"{kind}_failed")
        again = job.tries <= len(RETRY_WAITS)
        note = f"{why or f'The callback URL answered {status}'}; {'trying again' if again else 'gave up'}"
        self.messages.note(job.entry, answer=status, report=job.report, note=note)
        if again:
            self._plan(job, RETRY_WAITS[job.tries - 1])
        else:
            self.messages.count(f"{kind}_given_up")


def report_body(message: Message, status: str, code: str) -> bytes:
    """A delivery report as JSON."""
    return _encode(report_of(message, status, code))


def report_of(message: Message, status: str, code: str) -> dict[str, str]:
    """What became of a message, as reports and look-ups say it."""
    return {
        "type": "delivery_report",
        "messageId": message.id,
        "clientReference": message.fields.reference,
        "to": message.fields.to,
        "status": status,
        "errorCode": code,
        "timestamp": iso(time.time()),
    }


def inbound_body(reply: Reply) -> bytes:
    """An inbound text as JSON."""
    return _encode(
        {
            "type": "inbound_message",
            "id": reply.id,
            "from": reply.number,
            "to": reply.to,
            "text": reply.text,
            "timestamp": iso(reply.at),
        }
    )


def _encode(data: dict[str, str]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
