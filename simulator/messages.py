"""What the simulator remembers: accepted messages, handsets with their conversations, counts. Memory only."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulator.wire import Request, parse_headers

MAX_HANDSETS = 10_000
MAX_CONVERSATION = 300
MAX_REFUSALS = 100


def iso(at: float) -> str:
    """Epoch seconds as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Submission:
    """The fields of one submitted message, already checked."""

    to: str
    sender: str
    content: str
    reference: str = ""
    callback_url: str = ""
    inbound_url: str = ""


@dataclass(slots=True)
class Message:
    """An accepted message: `at` epoch seconds, `arrived` monotonic seconds, request kept as it came."""

    id: str
    account: str
    fields: Submission
    at: float
    arrived: float
    path: str
    head: bytes
    body: bytes
    report: str = ""  # last delivery status posted
    answer: int = 0  # HTTP status the gateway gave to it
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """For the inspection API: everything, secrets included."""
        return {
            "id": self.id,
            "auth": self.account,
            "to": self.fields.to,
            "from": self.fields.sender,
            "content": self.fields.content,
            "clientReference": self.fields.reference,
            "callbackUrl": self.fields.callback_url,
            "arrived": self.arrived,
            "at": iso(self.at),
            "path": self.path,
            "headers": parse_headers(self.head),
            "body": self.body.decode("utf-8", "replace"),
            "report": self.report,
            "reportAnswer": self.answer,
        }

    def bubble(self) -> dict[str, object]:
        """For the handset page."""
        return {
            "id": self.id,
            "direction": "received",
            "text": self.fields.content,
            "from": self.fields.sender,
            "account": self.account,
            "at": iso(self.at),
            "report": self.report,
            "answer": self.answer,
            "note": self.note,
        }


@dataclass(slots=True)
class Reply:
    """A text the handset sent: `answer` is the gateway's HTTP status (0 = none yet)."""

    id: str
    number: str
    to: str
    text: str
    url: str
    at: float
    answer: int = 0
    note: str = ""

    def bubble(self) -> dict[str, object]:
        """For the handset page."""
        return {
            "id": self.id,
            "direction": "sent",
            "text": self.text,
            "at": iso(self.at),
            "answer": self.answer,
            "note": self.note,
        }


@dataclass(slots=True)
class Handset:
    """A number with its conversation, newest last, and the last message it received."""

    number: str
    entries: deque[Message | Reply] = field(default_factory=lambda: deque(maxlen=MAX_CONVERSATION))
    last: Message | None = None
    received: int = 0


class Messages:
    """Thread-safe store with bounds: the last `keep` messages and the most recent handsets."""

    def __init__(self, *, keep: int) -> None:
        self._lock = threading.Lock()
        self._keep = keep
        self._run = secrets.token_hex(4)
        self._number = 0
        self.version = 0
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the running number, so that ids never repeat."""
        with self._lock:
            self._kept: deque[Message] = deque(maxlen=self._keep)
            self._handsets: OrderedDict[str, Handset] = OrderedDict()
            self.counts: Counter[str] = Counter()
            self.refused: Counter[str] = Counter()
            self.refusals: deque[dict[str, object]] = deque(maxlen=MAX_REFUSALS)
            self.version += 1

    def new_id(self) -> str:
        """An id no other message or reply has, in this run or another."""
        with self._lock:
            self._number += 1
            return f"sim-{self._run}-{self._number:07d}"

    def accept(self, *, account: str, request: Request, fields: Submission) -> Message:
        """Keeps a message and puts it on its handset."""
        message = Message(
            self.new_id(),
            account,
            fields,
            time.time(),
            time.monotonic(),
            request.path,
            request.head,
            request.body,
        )
        with self._lock:
            self._kept.append(message)
            self.counts["accepted"] += 1
            handset = self._handset(fields.to)
            handset.entries.append(message)
            handset.last = message
            handset.received += 1
            self.version += 1
        return message

    def add_reply(self, reply: Reply) -> None:
        """Puts a handset's own text into its conversation."""
        with self._lock:
            self.counts["replies"] += 1
            self._handset(reply.number).entries.append(reply)
            self.version += 1

    def add_handset(self, number: str) -> None:
        """Makes a number known before anything was sent to it."""
        with self._lock:
            self._handset(number)
            self.version += 1

    def _handset(self, number: str) -> Handset:
        handset = self._handsets.get(number)
        if handset is None:
            handset = self._handsets[number] = Handset(number)
            if len(self._handsets) > MAX_HANDSETS:
                self._handsets.popitem(last=False)
        self._handsets.move_to_end(number)
        return handset

    def note(self, entry: Message | Reply, *, answer: int, note: str = "", report: str = "") -> None:
        """Writes down what became of a report or a reply."""
        with self._lock:
            entry.answer = answer
            entry.note = note
            if report and isinstance(entry, Message):
                entry.report = report
            self.version += 1

    def count(self, name: str, amount: int = 1) -> None:
        """Adds to a counter of `/_requests`."""
        with self._lock:
            self.counts[name] += amount

    def refuse(self, *, path: str, code: str, status: int, text: str) -> None:
        """Counts a refused request by reason and keeps it among the recent ones."""
        with self._lock:
            self.refused[code] += 1
            entry = {"at": iso(time.time()), "path": path, "status": status, "code": code, "message": text}
            self.refusals.append(entry)

    def last_to(self, number: str) -> Message | None:
        """The last message a handset received."""
        with self._lock:
            handset = self._handsets.get(number)
            return handset.last if handset else None

    def listing(self, *, to: str = "", since: float = 0.0) -> list[Message]:
        """Accepted messages in order, to one number if given, that arrived after `since` (monotonic)."""
        with self._lock:
            kept = list(self._kept)
        return [entry for entry in kept if entry.arrived > since and (not to or entry.fields.to == to)]

    def handsets(self, *, limit: int) -> list[dict[str, object]]:
        """The most recent handsets, newest first, with their last text."""
        with self._lock:
            return [
                {
                    "number": handset.number,
                    "received": handset.received,
                    **(
                        {"text": (last := handset.entries[-1].bubble())["text"], "at": last["at"]}
                        if handset.entries
                        else {"text": "", "at": ""}
                    ),
                }
                for handset, _ in zip(reversed(self._handsets.values()), range(limit), strict=False)
            ]

    def conversation(self, number: str) -> list[dict[str, object]]:
        """The bubbles of one handset, oldest first."""
        with self._lock:
            handset = self._handsets.get(number)
            return [entry.bubble() for entry in handset.entries] if handset else []
