"""The usual report in one statement: a message of one part, named by the provider's id, moves up in rank.

PostgreSQL only: there each statement is a round trip, and reports come more often than anything else. Whatever is not
usual (unknown id, several parts, no progress, a message under way) matches nothing here and takes the long way of
`messaging.reports`, which decides the same for these too.

IS NOT DISTINCT FROM keeps the planner from starting at the index of credentials: one has millions of messages.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from core import prepared
from core.bulk import InsertWhere
from messaging.states import PART_RANK, TRANSITIONS, UNDER_WAY, PartState, Reason, State, message_state_of

_SQL = """
WITH found AS (
    SELECT p.id AS part, p.state AS part_state, m.state
    FROM messaging_messagepart p JOIN messaging_message m ON m.id = p.message_id
    WHERE m.credential_id IS NOT DISTINCT FROM %s AND p.provider_id = %s AND m.part_count = 1
        AND (%s = '' OR m.msisdn = %s)
    ORDER BY m.id LIMIT 1 FOR UPDATE OF m
), part AS (
    UPDATE messaging_messagepart t SET state = '{wanted}'
    WHERE t.id = (SELECT part FROM found) AND t.state = (SELECT part_state FROM found)
        AND t.state IN ({lower_parts}) AND (SELECT state FROM found) IN ({before})
    RETURNING t.message_id
), message AS (
    UPDATE messaging_message m
    SET state = '{after}', reason = '{reason}', detail = %s, finished_at = {finished},
        provider_id = CASE WHEN m.provider_id = '' THEN %s ELSE m.provider_id END,
        accepted_at = COALESCE(m.accepted_at, %s)
    WHERE m.id = (SELECT message_id FROM part)
    RETURNING m.id
), event AS (
    INSERT INTO messaging_messageevent (message_id, at, before, after, reason, detail, actor)
    SELECT message.id, %s, (SELECT state FROM found), '{after}', '{event_reason}', %s, '' FROM message
    RETURNING message_id
)
"""


def apply(
    *,
    credential_id: uuid.UUID,
    provider_id: str,
    recipient: str,
    reported: PartState,
    words: str,
    at: datetime,
    along: InsertWhere | None = None,
) -> bool:
    """Whether the report was usual and is applied; inside a transaction or by itself. `along` is written with it.

    `recipient` ("": any) tells the messages of a batch apart, which share the provider's id.
    """
    sql, is_final = _statement(reported)
    finished = [at] if is_final else []
    values = [credential_id, provider_id, recipient, recipient, words, *finished, provider_id, at, at, words]
    if along is None:
        return bool(prepared.execute(f"{sql} SELECT message_id FROM event", values)[0])
    return prepared.execute(f"{sql} {along.sql} FROM event", [*values, *along.values])[1] > 0


@lru_cache(maxsize=16)
def _statement(reported: PartState) -> tuple[str, bool]:
    """The statement for a part that is reported in this state, and whether the message ends with it."""
    after = message_state_of([reported])
    is_final = after not in (State.ACCEPTED, State.SENT)
    is_good = after in (State.ACCEPTED, State.SENT, State.DELIVERED)
    lower = [state for state, rank in PART_RANK.items() if rank < PART_RANK[reported]]
    before = [state for state, afters in TRANSITIONS.items() if after in afters and state not in UNDER_WAY]
    sql = _SQL.format(
        wanted=reported.value,
        after=after.value,
        reason="" if is_good else Reason.REPORT.value,
        event_reason=Reason.REPORT.value,
        finished="%s" if is_final else "NULL",
        lower_parts=_listed([*lower, PartState.UNKNOWN]),
        before=_listed(before),
    )
    return sql, is_final


def _listed(states: Iterable[str]) -> str:
    return ", ".join(f"'{state!s}'" for state in states) or "NULL"
