"""What a callback can tell us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class InboundText:
    """A message from a person; numbers as the provider wrote them, `occurred_at` aware UTC.

    `group`, `part`, `parts`: one part of a long message, numbered from 1; 0 parts for a whole one.
    `only_ours`: it counts only when `recipient` is a sender of ours.
    """

    number: str
    recipient: str
    text: str
    provider_id: str
    occurred_at: datetime | None
    group: str = ""
    part: int = 0
    parts: int = 0
    only_ours: bool = False


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of a message; `status` is ours, "" for no progress; unknown words have `known` False."""

    provider_id: str
    client_reference: str
    raw_status: str
    status: str
    known: bool
    code: str
    number: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class OptOut:
    """The provider says that a person has opted out, by a flag or a URL of its own; `text` is theirs, if any."""

    number: str
    recipient: str = ""
    text: str = ""
    provider_id: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of the callback that holds nothing for us."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of the callback that must not be taken as it is: staff see it."""

    reason: str


Event = InboundText | StatusReport | OptOut | Ignored | Refused
