"""Writing the results of attempts: many at once, in one transaction, and none lost with another."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import UUIDField
from django.db.models.functions import Now

from core import prepared
from core.bulk import insert_rows, update_rows
from core.clock import now
from core.compiled import Compiled, Slot
from core.vocabulary import FailureClass
from credentials import codes
from credentials.client import Exchange
from credentials.pausing import pause
from messaging import breaker, consequences, parts, reports
from messaging.gate import SENDING_LEASE, Passed
from messaging.models import Attempt, Message, MessageEvent
from messaging.outcomes import Next, next_of
from messaging.parts import Sent
from messaging.routing import failover, moving
from messaging.states import PartState, Reason, State

logger = logging.getLogger(__name__)

_LOOK_EVERY = 0.2  # seconds, for a database that is away


@dataclass(frozen=True)
class Result:
    """One finished attempt: what became of its parts, in order; `given_back` says why the rest was not sent."""

    passed: Passed
    sent: tuple[Sent, ...]
    given_back: str = ""

    @property
    def exchange(self) -> Exchange | None:
        """The exchange that decides about the message, the last one; None when nothing was sent, or not all."""
        return None if self.given_back else self.sent[-1].exchange


def write_surely(results: Sequence[Result]) -> None:
    """Write results whatever happens: on failure one by one on a new connection, so that none takes others along.

    A database that is away is waited for, or every message on the wire would become unknown with it. A result that
    cannot be written at all is left to the sweeper, which calls its message unknown.
    """
    if not results:
        return
    try:
        write(results)
    except Exception:
        logger.exception("Writing %s results failed, trying one by one", len(results))
        _wait_for_database()
        for result in results:
            _write_one(result)
    breaker.note(results)


def _wait_for_database() -> None:
    """On a new connection, as long as the lease: after that the sweeper of another worker may have decided."""
    until = time.monotonic() + SENDING_LEASE.total_seconds()
    while not connection.in_atomic_block:
        connection.close()
        try:
            connection.ensure_connection()
            return
        except DatabaseError:
            if time.monotonic() > until:
                return
        time.sleep(_LOOK_EVERY)


def _write_one(result: Result) -> None:
    try:
        write([result])
    except Exception:
        logger.exception("The result of message %s cannot be written", result.passed.message.id)


def write(results: Sequence[Result]) -> None:
    """Write results of attempts in one transaction, then match reports that came early."""
    with transaction.atomic():
        prepared.walk_indexes()
        _note_consequences(results)
        held, moment = _held(results)
        _write_decided([result for result in results if result.passed.message.id in held], held, moment)
        _write_attempts(results, moment)
    reports.match_parked([result.passed.message for result in results if result.exchange is not None])
    _note_codes(results)


_WAITING = Compiled(
    lambda: (
        Message.objects.filter(id__any_of=Slot("ids", UUIDField()), state__in=(State.SENDING, State.UNKNOWN))
        .select_for_update()
        .order_by("id")
        .values_list("id", "lease_token", "state", Now())
    )
)


def _held(results: Sequence[Result]) -> tuple[dict[uuid.UUID, State], datetime]:
    """Messages that still wait for these very attempts, with their state, and the database's time.

    A message the sweeper gave up on is `unknown` and keeps our token: a late answer settles it.
    """
    tokens = {result.passed.message.id: result.passed.token for result in results}
    rows = _WAITING.rows({"ids": list(tokens)})
    held = {row[0]: State(row[2]) for row in rows if row[1] == tokens[row[0]]}
    return held, max((row[3] for row in rows), default=now())


def _write_decided(results: list[Result], held: dict[uuid.UUID, State], moment: datetime) -> None:
    decided = [
        (result, after)
        for result in results
        if (after := _next(result, moment)).state != held[result.passed.message.id]
    ]
    _pause_refused(decided)
    steered = failover.steer(decided)
    decided = steered.decided
    update_rows(Message, [_message_row(result, after, moment) for result, after in decided])
    parts.keep_parts(
        [
            parts.part_row(result.passed.message, part, PartState.ACCEPTED if part.accepted else after.part)
            for result, after in decided
            for part in result.sent
        ]
    )
    insert_rows(
        MessageEvent,
        [_event(result, held[result.passed.message.id], after, moment) for result, after in decided],
    )
    moving.carry_out(steered.moves)


def _next(result: Result, moment: datetime) -> Next:
    if result.exchange is None:
        return Next(State.QUEUED, PartState.WAITING, result.given_back, counts=False)
    return next_of(result.passed.message, result.exchange, moment)


def _message_row(result: Result, after: Next, moment: datetime) -> dict[str, Any]:
    message = result.passed.message
    final = after.state == State.FAILED
    return {
        "id": message.id,
        "state": after.state,
        "reason": after.reason,
        "detail": _words(_progress(result, after), _answer(result)[1]),
        "provider_id": parts.message_provider_id(result.passed, result.sent),
        "due_at": moment + timedelta(seconds=after.due_in),
        "tries": message.tries if after.counts else message.tries - 1,
        "uncounted_tries": message.uncounted_tries + (0 if after.counts else 1),
        "accepted_at": moment if after.state == State.ACCEPTED else None,
        "finished_at": moment if final else None,
        "lease_token": None,
        "lease_until": None,
    }


def _event(result: Result, before: State, after: Next, moment: datetime) -> dict[str, Any]:
    return {
        "message_id": result.passed.message.id,
        "at": moment,
        "before": before,
        "after": after.state,
        "reason": after.reason,
        "detail": _words(after.detail, _progress(result, after), *_answer(result)),
    }


def _progress(result: Result, after: Next) -> str:
    return "" if after.state == State.ACCEPTED else parts.progress(result.passed, result.sent)


def _answer(result: Result) -> tuple[str, str]:
    """Code and words of the deciding answer."""
    return (result.exchange.result.code, result.exchange.result.detail) if result.exchange else ("", "")


def _words(*words: str) -> str:
    return " ".join(filter(None, words))[:500]


def _note_consequences(results: Sequence[Result]) -> None:
    """Withdraw consent where the provider says so; before any message is locked, in the order of the subjects."""
    answered = [(result.passed.message, result.exchange.result) for result in results if result.exchange]
    for position in consequences.in_order([message for message, _ in answered]):
        message, answer = answered[position]
        consequences.of_answer(message, outcome=answer.outcome, failure=answer.failure, code=answer.code)


def _pause_refused(decided: list[tuple[Result, Next]]) -> None:
    for result, after in decided:
        if after.reason == Reason.CREDENTIAL_PAUSED and result.exchange is not None:
            answer = result.exchange.result
            pause(
                credential_id=result.passed.message.credential_id,
                reason=f"The provider refused the credential: {answer.detail or answer.code}",
                revision=result.exchange.revision or None,
            )


def _write_attempts(results: Sequence[Result], moment: datetime) -> None:
    rows = [row for result in results for row in parts.attempt_rows(result.sent, result.given_back)]
    update_rows(Attempt, rows)
    for result in results:
        for part in result.sent:
            if part.attempt_id is None:  # it ended before it was opened, such as a template that does not fit
                parts.add_attempt(result.passed, part, moment)


def _note_codes(results: Sequence[Result]) -> None:
    """Put error codes nobody has given a meaning into the inbox; never at the cost of a result."""
    seen: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for result in results:
        answer = result.exchange.result if result.exchange else None
        if answer is not None and answer.failure == FailureClass.UNKNOWN and answer.code:
            seen.setdefault(result.passed.message.credential_id, []).append((answer.code, answer.detail))
    for credential_id, pairs in seen.items():
        try:
            codes.note(credential_id=credential_id, seen=pairs)
        except Exception:
            logger.exception("Unknown codes of credential %s cannot be noted", credential_id)
