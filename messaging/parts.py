"""The parts of a message under way: what became of each, and the step from one to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from core.bulk import insert_rows, update_rows
from core.clock import database_now
from core.vocabulary import Outcome
from credentials.client import Exchange
from messaging.gate import SENDING_LEASE, Passed, attempt_number, may_go_on
from messaging.models import LONGEST_PROVIDER_ID, Attempt, Message, MessagePart
from messaging.states import PartState, State

_NOT_ACCEPTED = f"t.state IN ('{PartState.WAITING}', '{PartState.SENDING}', '{PartState.UNKNOWN}')"


@dataclass(frozen=True)
class Sent:
    """One part in an attempt. No `exchange`: opened, then not sent; no `attempt_id`: ended before it was opened."""

    number: int
    attempt_id: int | None
    exchange: Exchange | None = None

    @property
    def accepted(self) -> bool:
        """Whether the provider has certainly accepted it."""
        return self.exchange is not None and self.exchange.result.outcome == Outcome.ACCEPTED

    @property
    def provider_id(self) -> str:
        """As long as the column: reports are cut the same way before they are matched."""
        return self.exchange.result.provider_id[:LONGEST_PROVIDER_ID] if self.exchange else ""


def open_next(passed: Passed, number: int, sent: Iterable[Sent]) -> int | None:
    """Open the attempt of a further part, if the message may still go on; gives its id, else None.

    What became of the part before is kept in the same transaction: whatever happens to this worker, it is not sent
    again. Committed before the first byte of the new part.
    """
    if not may_go_on(passed):
        return None
    message, before = passed.message, tuple(sent)
    with transaction.atomic():
        moment = database_now()
        ours = Message.objects.filter(id=message.id, state=State.SENDING, lease_token=passed.token)
        if not ours.update(
            lease_until=moment + SENDING_LEASE,
            provider_id=message_provider_id(passed, before),
            detail=progress(passed, before),
        ):
            return None
        keep_parts([part_row(message, part, PartState.ACCEPTED) for part in before[-1:]])
        update_rows(Attempt, attempt_rows(before[-1:]))
        keep_parts([part_row(message, Sent(number, None), PartState.SENDING)])
        opened = {"message_id": message.id, "part": number, "number": attempt_number(message)}
        return int(insert_rows(Attempt, [{**opened, "started_at": moment}], returning="id")[0])


def part_row(message: Message, part: Sent, state: PartState) -> dict[str, Any]:
    """A part's new state, for `keep_parts`."""
    return {
        "message_id": message.id, "number": part.number, "state": state, "provider_id": part.provider_id,
    }  # fmt: skip


def keep_parts(rows: list[dict[str, Any]]) -> None:
    """Write what became of parts; what the provider has accepted or reported already stays."""
    update_rows(MessagePart, rows, key=("message_id", "number"), where=_NOT_ACCEPTED)


def add_attempt(passed: Passed, part: Sent, moment: datetime) -> None:
    """Keep the exchange of a part that ended before it was opened."""
    Attempt.objects.update_or_create(  # a result may be written twice
        message_id=passed.message.id,
        number=attempt_number(passed.message),
        part=part.number,
        defaults={"started_at": moment, **attempt_values(part.exchange, "")},
    )


def attempt_rows(sent: Iterable[Sent], given_back: str = "") -> list[dict[str, Any]]:
    """The exchanges of opened parts, for a bulk update."""
    return [
        {"id": part.attempt_id, **attempt_values(part.exchange, given_back)}
        for part in sent
        if part.attempt_id is not None
    ]


def attempt_values(exchange: Exchange | None, given_back: str) -> dict[str, Any]:
    """An exchange as an attempt keeps it; without one: not sent, and why."""
    if exchange is None:
        return {
            "outcome": "not_sent", "failure": "", "http_status": None, "code": given_back, "detail": "",
            "judged_by": "", "elapsed_ms": 0, "request": {}, "response": {},
        }  # fmt: skip
    result = exchange.result
    return {
        "outcome": result.outcome.value,
        "failure": result.failure.value,
        "http_status": exchange.response.get("status"),
        "code": result.code[:100],
        "detail": result.detail[:500],
        "judged_by": exchange.judged_by[:300],
        "elapsed_ms": exchange.elapsed_ms,
        "request": exchange.request,
        "response": exchange.response,
    }


def message_provider_id(passed: Passed, sent: Iterable[Sent]) -> str:
    """A message has the provider id of its first part."""
    return next((part.provider_id for part in sent if part.number == 1), passed.message.provider_id)


def progress(passed: Passed, sent: Iterable[Sent]) -> str:
    """How far a message of several parts has come; "" when nothing or everything of it has been accepted."""
    total = passed.message.part_count
    done = total - len(passed.waiting) + sum(part.accepted for part in sent)
    if total == 1 or not 0 < done < total:
        return ""
    return f"{done} of {total} parts {'was' if done == 1 else 'were'} accepted."
