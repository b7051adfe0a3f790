"""Runs whose time has come: each is made once, whichever worker looks first."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from campaigns.approving import GROWN, needs_approval
from campaigns.audiences.counting import is_empty
from campaigns.findings import findings_on
from campaigns.models import Campaign, CampaignState
from campaigns.scheduling.plans import plan_of
from campaigns.scheduling.times import latest_until, next_after
from campaigns.steps import new_run
from core.clock import database_now
from core.compiled import Compiled

_WORKING = (CampaignState.SCHEDULED, CampaignState.RUNNING)


def start_due() -> int:
    """Make the runs that are due; gives how many."""
    return sum(_start(campaign_id) for (campaign_id,) in _DUE.rows())


_DUE = Compiled(
    lambda: (
        Campaign.objects.filter(next_run_at__lte=Now(), state__in=_WORKING).order_by("id").values_list("id")
    )
)


@transaction.atomic
def _start(campaign_id: UUID) -> bool:
    """Make the run of one campaign and say when the next one is; False when somebody else has just done so."""
    moment = database_now()
    mine = Campaign.objects.filter(id=campaign_id, next_run_at__lte=moment, state__in=_WORKING)
    campaign = mine.select_for_update(skip_locked=True, of=("self",)).first()
    if campaign is None or campaign.next_run_at is None:
        return False
    if problem := _problem_with(campaign):
        campaign.state, campaign.problem = CampaignState.PAUSED, problem[:500]
        campaign.save()
        return False
    plan = plan_of(campaign)
    planned_at = latest_until(plan, campaign.next_run_at, moment)
    new_run(campaign, planned_at=planned_at, actor=campaign.requested_by)
    campaign.next_run_at = next_after(plan, max(moment, planned_at))
    campaign.state = CampaignState.RUNNING
    campaign.save()
    return True


def _problem_with(campaign: Campaign) -> str:
    """What keeps it from going out although it was allowed to when it was scheduled."""
    stops = [found.text for found in findings_on(campaign) if found.stops and found.code not in _PAST]
    if stops:
        return " ".join(stops)
    if campaign.audience is not None and not campaign.is_recurring and is_empty(campaign.audience):
        return f"Nobody is in the audience {campaign.audience} now. Change its filter, or add people, then resume."
    if needs_approval(campaign):
        return _CHANGED if campaign.approved_by else GROWN
    return ""


_CHANGED = (
    "It goes to other people, or at another time, than was approved. Copy it and have the copy approved."
)
_PAST = ("schedule_past", "hour_skipped")
