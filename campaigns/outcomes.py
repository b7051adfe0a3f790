"""What became of the messages of a run, by variant: counted from the messages themselves, kept with the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from campaigns.models import CampaignRun, Recipient, RecipientState
from campaigns.models.runs import AT_WORK
from consent.models import ConsentEvent, Kind
from core.clock import now
from links.models import TrackedLink
from messaging.models import Message
from messaging.states import State

# Where a message stands, in the words of a campaign.
OUTCOME_OF: dict[str, str] = {
    State.QUEUED: "under_way", State.CLAIMED: "under_way", State.SENDING: "under_way",
    State.ACCEPTED: "sent", State.SENT: "sent", State.DELIVERED: "delivered",
    State.FAILED: "failed", State.UNDELIVERED: "failed", State.EXPIRED: "failed",
    State.UNKNOWN: "unknown", State.QUARANTINED: "unknown",
    State.SUPPRESSED: "stopped", State.CANCELLED: "stopped",
}  # fmt: skip
LABELS: dict[str, str] = {
    "delivered": "Delivered",
    "sent": "With the provider, no report yet",
    "under_way": "Under way",
    "failed": "Failed",
    "unknown": "Unknown",
    "stopped": "Stopped before it left (opted out or cancelled)",
    "forgotten": "No longer kept",
}
# An opt-out so soon after a message counts as an answer to it.
OPT_OUT_WITHIN = timedelta(days=7)
_FOLLOWED = timedelta(days=7)
# A run of so many is counted when somebody looks; a larger one every so often, as large as it is.
COUNTED_AT_ONCE = 20_000
_COUNTED_PER_SECOND = 50_000
_RARELY = timedelta(minutes=10)
Outcomes = dict[str, dict[str, int]]

_RECIPIENT, _MESSAGE, _LINK, _EVENT = (
    model._meta.db_table for model in (Recipient, Message, TrackedLink, ConsentEvent)
)
_ACCEPTED = f"r.run_id = %s AND r.state = '{RecipientState.ACCEPTED}'"
_STATES = (
    f"SELECT r.variant, m.state, COUNT(*), SUM(m.segments) FROM {_RECIPIENT} r "
    f"JOIN {_MESSAGE} m ON m.id = r.message_id WHERE {_ACCEPTED} GROUP BY 1, 2"
)
_CLICKS = (
    f"SELECT r.variant, COUNT(DISTINCT r.id) FROM {_RECIPIENT} r JOIN {_LINK} l ON l.message_id = r.message_id "
    f"WHERE {_ACCEPTED} AND l.first_click_at IS NOT NULL GROUP BY 1"
)
_OPT_OUTS = (
    f"SELECT r.variant, COUNT(DISTINCT r.id) FROM {_RECIPIENT} r JOIN {_MESSAGE} m ON m.id = r.message_id "
    f"JOIN {_EVENT} e ON e.subject_id = m.subject_id AND e.kind = '{Kind.OPT_OUT}' AND e.received_at >= m.created_at "
    f"WHERE {_ACCEPTED} AND e.received_at < %s GROUP BY 1"
)


def count(run: CampaignRun) -> Outcomes:
    """Count now: variant -> outcome -> messages, and "segments", "clicks" (people) and "opt_outs" beside them."""
    found: Outcomes = defaultdict(lambda: defaultdict(int))
    for variant, state, messages, segments in _rows(_STATES, run.id):
        found[variant][OUTCOME_OF[state]] += messages
        found[variant]["segments"] += int(segments)
    for variant, people in _rows(_CLICKS, run.id):
        found[variant]["clicks"] = people
    until = (run.finished_at or now()) + OPT_OUT_WITHIN
    for variant, people in _rows(_OPT_OUTS, run.id, connection.ops.adapt_datetimefield_value(until)):
        found[variant]["opt_outs"] = people
    return {variant: dict(counts) for variant, counts in found.items()}


def _rows(sql: str, run_id: UUID, *values: Any) -> list[tuple[Any, ...]]:
    own_id = run_id if connection.vendor == "postgresql" else run_id.hex
    with connection.cursor() as cursor:
        cursor.execute(sql, [own_id, *values])
        return list(cursor.fetchall())


def keep(run: CampaignRun) -> None:
    """Count now and keep it with the run."""
    run.outcomes, run.outcomes_at = count(run), now()
    CampaignRun.objects.filter(id=run.id).update(outcomes=run.outcomes, outcomes_at=run.outcomes_at)


def keep_counting() -> int:
    """Count large runs anew that may have changed since; gives how many. Run by every worker."""
    due = [run for run in _followed() if _is_due(run)]
    for run in due:
        keep(run)
    return len(due)


def _followed() -> Iterable[CampaignRun]:
    recent = Q(state__in=AT_WORK) | Q(finished_at__gt=now() - _FOLLOWED)
    return CampaignRun.objects.filter(recent).order_by("id")


def _is_due(run: CampaignRun) -> bool:
    """Large runs are counted less often, runs that ended long ago seldom."""
    moment = now()
    if run.outcomes_at is None:
        return True
    size = sum(sum(counts.get(name, 0) for name in LABELS) for counts in run.outcomes.values())
    wait = timedelta(seconds=max(5.0, 20 * size / _COUNTED_PER_SECOND))
    if run.finished_at is not None and run.finished_at < moment - timedelta(hours=1):
        wait = max(wait, _RARELY)
    return run.outcomes_at < moment - wait
