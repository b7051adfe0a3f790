"""Collecting the recipients of a run, page by page: a page, its place in the audience and the counts in one commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audiences.scanning import Stretch, next_stretch
from campaigns.models import (
    Campaign,
    CampaignRun,
    CampaignVariant,
    Exclusion,
    Recipient,
    RecipientState,
    RunState,
)
from campaigns.running import tallies
from campaigns.running.splitting import Share, Split
from campaigns.running.tallies import Cell
from campaigns.scheduling.clocks import moment_of
from campaigns.scheduling.plans import plan_of
from campaigns.scheduling.times import day_of
from core.bulk import insert_new
from core.clock import now

# SQLite has one writer: a page must not keep the others waiting.
_PAGE = {"postgresql": 5_000, "sqlite": 500}
Member = tuple[Any, ...]  # id, number, time zone of a profile


def expand(run: CampaignRun) -> int:
    """Take the next page of the audience; gives how many profiles it had, 0 also before the end. The run is locked."""
    campaign = run.campaign
    page = _next_page(run)
    if page.rows:
        tallies.add(run.id, _insert(run, campaign, page.rows))
    if page.rows or page.after:
        run.cursor = page.after or page.rows[-1][0]
        run.save(update_fields=["cursor"])
    else:
        run.state, run.expanded_at = RunState.SENDING, now()
        run.save(update_fields=["state", "expanded_at"])
    return len(page.rows)


def _next_page(run: CampaignRun) -> Stretch:
    audience = run.campaign.audience
    if audience is None:
        return Stretch((), None)
    if run.filter is not None:
        audience.filter = run.filter  # as it was when the run began, whatever is edited meanwhile
    size = _PAGE[connection.vendor]
    return next_stretch(audience, after=run.cursor, size=size, columns=("msisdn", "time_zone"))


def _insert(run: CampaignRun, campaign: Campaign, page: Sequence[Member]) -> Counter[Cell]:
    """Insert those who are not recipients yet; gives what it changes in the counts."""
    split, due = split_of(campaign), due_for(campaign, run.planned_at)
    rows = [_row(run.id, member, split.label_for(member[1]), due(member[2])) for member in page]
    pending = [row for row in rows if row["state"] == RecipientState.PENDING]
    held_out = [row for row in rows if row["state"] != RecipientState.PENDING]
    new = Counter(label for (label,) in insert_new(Recipient, pending, returning=("variant",)))
    counts: Counter[Cell] = Counter(
        {(label, RecipientState.PENDING.value, ""): n for label, n in new.items()}
    )
    out = len(insert_new(Recipient, held_out, returning=("id",)))
    counts["", RecipientState.EXCLUDED.value, Exclusion.HOLDOUT.value] = out
    # No row of their own: the number has one already.
    doubled = len(page) - out - new.total()
    counts["", RecipientState.EXCLUDED.value, Exclusion.DUPLICATE_NUMBER.value] = doubled
    return counts


def _row(run_id: UUID, member: Member, label: str | None, due_at: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "profile_id": member[0],
        "msisdn": member[1],
        "variant": label or "",
        "state": (RecipientState.EXCLUDED if label is None else RecipientState.PENDING).value,
        "reason": Exclusion.HOLDOUT.value if label is None else "",
        "due_at": due_at,
    }


def split_of(campaign: Campaign) -> Split:
    """How the campaign divides its recipients."""
    variants: Iterable[CampaignVariant] = campaign.variants.all()
    shares = [Share(variant.label, variant.weight) for variant in variants]
    return Split(str(campaign.id), sorted(shares, key=lambda share: share.label), campaign.holdout_percent)


def due_for(campaign: Campaign, planned_at: datetime) -> Callable[[str], datetime]:
    """When a recipient of a time zone ("" for none known) is due in the run planned for that moment."""
    if not campaign.by_recipient_clock or campaign.start_time is None:
        return lambda _: planned_at
    at, own = campaign.start_time, campaign.time_zone
    day = day_of(plan_of(campaign), planned_at)
    return lru_cache(maxsize=None)(lambda zone: moment_of(day, at, zone or own))
