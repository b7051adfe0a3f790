"""Campaigns in lists: the progress of a whole page of them in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from campaigns.models import CampaignRun, RecipientState, RunTally
from campaigns.scheduling.words import Ran, ran


@dataclass(frozen=True)
class Standing:
    """The last run of a campaign in short."""

    run: int
    audience: int
    pending: int
    accepted: int
    excluded: int
    is_collecting: bool
    last: Ran | None

    @property
    def words(self) -> str:
        """In a line."""
        if self.is_collecting:
            return f"collecting recipients, {self.audience:,} so far"
        parts = (f"{self.accepted:,} accepted", f"{self.excluded:,} left out", f"{self.pending:,} pending")
        kept = [part for part, count in zip(parts, (1, self.excluded, self.pending), strict=True) if count]
        return ", ".join(kept)

    @property
    def percent(self) -> int:
        """How much of it is done."""
        if self.is_collecting or not self.audience:
            return 0 if self.is_collecting else 100
        return int(100 * (self.audience - self.pending) / self.audience)


def standings(campaign_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Campaign id -> where its last run stands; campaigns that never ran are not there."""
    runs: dict[UUID, CampaignRun] = {}
    for run in CampaignRun.objects.filter(campaign_id__in=campaign_ids).order_by("number"):
        runs[run.campaign_id] = run
    counts: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = RunTally.objects.filter(run_id__in=[run.id for run in runs.values()]).order_by()
    for run_id, state, number in rows.values_list("run_id", "state", "count"):
        counts[run_id][state] += number
    return {campaign_id: _standing(run, counts[run.id]) for campaign_id, run in runs.items()}


def _standing(run: CampaignRun, counts: dict[str, int]) -> Standing:
    return Standing(
        run=run.number,
        audience=sum(counts.values()),
        pending=counts[RecipientState.PENDING],
        accepted=counts[RecipientState.ACCEPTED],
        excluded=counts[RecipientState.EXCLUDED],
        is_collecting=run.state == "expanding",
        last=ran(run),
    )
