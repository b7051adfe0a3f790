"""Writing the results of attempts: many at once, in one transaction, and none lost with another."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from consent import ledger
from core.bulk import insert_rows, update_rows
from core.clock import now
from core.vocabulary import Outcome, Purpose
from credentials.client import Exchange
from credentials.pausing import pause
from messaging import events, reports
from messaging.gate import Passed
from messaging.models import LONGEST_PROVIDER_ID, Attempt, Message, MessageEvent, MessagePart
from messaging.outcomes import Next, next_of
from messaging.states import PartState, Reason, State

logger = logging.getLogger(__name__)

_OPEN_PARTS = (PartState.SENDING, PartState.UNKNOWN)


@dataclass(frozen=True)
class Result:
    """One finished attempt; `exchange` is None when nothing was sent (given back, or stopped by an opt-out)."""

    passed: Passed
    exchange: Exchange | None
    given_back: str = ""


def write_surely(results: Sequence[Result]) -> None:
    """Write results whatever happens: on failure one by one on a new connection, so that none takes others along.

    A result that cannot be written at all is left to the sweeper, which calls its message unknown.
    """
    if not results:
        return
    try:
        write(results)
    except Exception:
        logger.exception("Writing %s results failed, trying one by one", len(results))
        if not connection.in_atomic_block:
            connection.close()
        for result in results:
            _write_one(result)


def _write_one(result: Result) -> None:
    try:
        write([result])
    except Exception:
        logger.exception("The result of message %s cannot be written", result.passed.message.id)


def write(results: Sequence[Result]) -> None:
    """Write results of attempts in one transaction, then match reports that came early."""
    with transaction.atomic():
        _record_opt_outs(results)
        held, moment = _held(results)
        ours = [result for result in results if result.passed.message.id in held]
        _write_back([result for result in ours if result.exchange is None], held, moment)
        finished = [result for result in ours if result.exchange is not None]
        _write_finished(finished, held, moment)
        _write_attempts(results)
    reports.match_parked([result.passed.message for result in finished])


def _held(results: Sequence[Result]) -> tuple[dict[uuid.UUID, State], datetime]:
    """Messages that still wait for these very attempts, with their state, and the database's time.

    A message the sweeper gave up on is `unknown` and keeps our token: a late answer settles it.
    """
    tokens = {result.passed.message.id: result.passed.token for result in results}
    rows = list(
        Message.objects.filter(id__in=tokens, state__in=(State.SENDING, State.UNKNOWN))
        .select_for_update()
        .order_by("id")
        .values_list("id", "lease_token", "state", Now())
    )
    held = {row[0]: State(row[2]) for row in rows if row[1] == tokens[row[0]]}
    return held, max((row[3] for row in rows), default=now())


def _write_back(results: list[Result], held: dict[uuid.UUID, State], moment: datetime) -> None:
    rows = [
        {
            "id": result.passed.message.id,
            "state": State.QUEUED,
            "reason": result.given_back,
            "due_at": moment,
            "tries": result.passed.message.tries - 1,
            "uncounted_tries": result.passed.message.uncounted_tries + 1,
            "lease_token": None,
            "lease_until": None,
        }
        for result in results
    ]
    update_rows(Message, rows)
    ids = [result.passed.message.id for result in results]
    MessagePart.objects.filter(message_id__in=ids, state__in=_OPEN_PARTS).update(state=PartState.WAITING)
    for before in (State.SENDING, State.UNKNOWN):
        moved = [message_id for message_id in ids if held[message_id] == before]
        events.record(moved, before=before, after=State.QUEUED, reason=Reason.GIVEN_BACK, at=moment)


def _write_finished(results: list[Result], held: dict[uuid.UUID, State], moment: datetime) -> None:
    decided = [
        (result, after)
        for result in results
        if (after := next_of(result.passed.message, _exchange(result), moment)).state
        != held[result.passed.message.id]
    ]
    update_rows(Message, [_message_row(result, after, moment) for result, after in decided])
    _pause_refused(decided)
    update_rows(
        MessagePart,
        [
            {
                "message_id": result.passed.message.id,
                "state": after.part,
                "provider_id": _provider_id(result),
            }
            for result, after in decided
        ],
        key="message_id",
        where=f"t.state IN ('{PartState.SENDING}', '{PartState.UNKNOWN}')",
    )
    insert_rows(
        MessageEvent,
        [_event(result, held[result.passed.message.id], after, moment) for result, after in decided],
    )


def _message_row(result: Result, after: Next, moment: datetime) -> dict[str, Any]:
    message, answer = result.passed.message, _exchange(result).result
    final = after.state == State.FAILED
    return {
        "id": message.id,
        "state": after.state,
        "reason": after.reason,
        "detail": answer.detail[:500],
        "provider_id": _provider_id(result),
        "due_at": moment + timedelta(seconds=after.due_in),
        "tries": message.tries if after.counts else message.tries - 1,
        "uncounted_tries": message.uncounted_tries + (0 if after.counts else 1),
        "accepted_at": moment if after.state == State.ACCEPTED else None,
        "finished_at": moment if final else None,
        "lease_token": None,
        "lease_until": None,
    }


def _event(result: Result, before: State, after: Next, moment: datetime) -> dict[str, Any]:
    answer = _exchange(result).result
    return {
        "message_id": result.passed.message.id,
        "at": moment,
        "before": before,
        "after": after.state,
        "reason": after.reason,
        "detail": " ".join(filter(None, (answer.code, answer.detail)))[:500],
    }


def _record_opt_outs(results: Sequence[Result]) -> None:
    """Withdraw consent where the provider says so; before any message is locked, in the order of the subjects."""
    opted_out = [
        result
        for result in results
        if result.exchange is not None
        and result.exchange.result.outcome == Outcome.OPTED_OUT
        # Our own confirmation of an opt-out, refused because of that opt-out, tells nothing new.
        and result.passed.message.purpose != Purpose.CONSENT_REPLY
    ]
    for result in sorted(opted_out, key=lambda result: result.passed.message.subject_id):
        message = result.passed.message
        ledger.record(
            msisdn=message.msisdn,
            kind="opt_out",
            scope=f"sender:{message.sender}" if message.sender else "all",
            source="provider",
            reason=f"The provider answered {_exchange(result).result.code}".strip(),
            reference=f"message:{message.id}",
        )


def _pause_refused(decided: list[tuple[Result, Next]]) -> None:
    for result, after in decided:
        if after.reason == Reason.CREDENTIAL_PAUSED:
            answer = _exchange(result).result
            pause(
                credential_id=result.passed.message.credential_id,
                reason=f"The provider refused the credential: {answer.detail or answer.code}",
            )


def _write_attempts(results: Sequence[Result]) -> None:
    update_rows(
        Attempt,
        [
            {"id": result.passed.attempt_id, **_attempt_values(result.exchange, result.given_back)}
            for result in results
        ],
    )


def _attempt_values(exchange: Exchange | None, given_back: str) -> dict[str, Any]:
    if exchange is None:
        return {
            "outcome": "not_sent", "failure": "", "http_status": None, "code": given_back, "detail": "",
            "elapsed_ms": 0, "request": {}, "response": {},
        }  # fmt: skip
    result = exchange.result
    return {
        "outcome": result.outcome.value,
        "failure": result.failure.value,
        "http_status": exchange.response.get("status"),
        "code": result.code[:100],
        "detail": result.detail[:500],
        "elapsed_ms": exchange.elapsed_ms,
        "request": exchange.request,
        "response": exchange.response,
    }


def _provider_id(result: Result) -> str:
    """As long as the column: reports are cut the same way before they are matched."""
    return _exchange(result).result.provider_id[:LONGEST_PROVIDER_ID]


def _exchange(result: Result) -> Exchange:
    assert result.exchange is not None
    return result.exchange
