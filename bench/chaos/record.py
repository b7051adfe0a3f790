"""What happened in a run, as the judge reads it: frozen rows without a database or a process behind them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """A request as the provider saw it, and when it had answered; None: never, the caller was gone or cut off."""

    at: float
    message_id: str
    text: str
    fault: str
    answered_at: float | None = None


@dataclass(frozen=True)
class Kill:
    """A kill -9 of a process; `name` is that of its incarnation, such as "worker-2.14"."""

    at: float
    kind: str
    name: str


@dataclass(frozen=True)
class Accepted:
    """A submission that got its 2xx: the text, when, and every message id that the API ever gave for its key."""

    text: str
    at: float
    ids: frozenset[str]


@dataclass(frozen=True)
class Try:
    """An attempt as the database has it; `worker` is the incarnation that opened it, "" where nobody noted it."""

    started_at: float
    outcome: str
    code: str
    worker: str = ""


@dataclass(frozen=True)
class Row:
    """A message as the database has it in the end."""

    message_id: str
    text: str
    state: str
    possible_duplicate: bool = False
    tries: Sequence[Try] = ()
    events: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Run:
    """Everything there is to judge; `timeout` is the seconds a provider has to answer."""

    accepted: Sequence[Accepted]
    rows: Sequence[Row]
    seen: Sequence[Seen]
    kills: Sequence[Kill]
    timeout: float
    by_message: Mapping[str, list[Seen]] = field(init=False)
    by_text: Mapping[str, list[Seen]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_message", _grouped(self.seen, "message_id"))
        object.__setattr__(self, "by_text", _grouped(self.seen, "text"))


def _grouped(seen: Iterable[Seen], name: str) -> dict[str, list[Seen]]:
    groups: dict[str, list[Seen]] = defaultdict(list)
    for item in seen:
        groups[getattr(item, name)].append(item)
    return groups


def read_log(lines: Iterable[str]) -> list[Seen]:
    """The provider's log: a line for each request, one more when it was answered."""
    open_: dict[str, Seen] = {}
    seen: list[Seen] = []
    for line in map(json.loads, lines):
        before = open_.pop(line["id"], None)
        if before is not None:
            seen.append(
                Seen(before.at, before.message_id, before.text, before.fault, line["at"])
                if "answered" in line
                else before
            )
        if "answered" not in line:
            open_[line["id"]] = Seen(line["at"], line["id"], line["text"], line["fault"])
    return sorted([*seen, *open_.values()], key=lambda item: item.at)
