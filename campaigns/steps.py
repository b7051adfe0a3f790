"""What people do to a campaign: start, approve, pause, resume, cancel. Each is a change of state under lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from uuid import UUID

from django.db import transaction

from campaigns.approving import digest_of, may_approve, most_of, needs_approval
from campaigns.audiences.counting import is_empty
from campaigns.findings import findings_on
from campaigns.models import AudienceKind, Campaign, CampaignRun, CampaignState, RunState, When
from campaigns.models.runs import AT_WORK
from campaigns.running.taking_back import cancel_waiting, take_back
from campaigns.scheduling.plans import plan_of
from campaigns.scheduling.times import first_run, next_after
from core.clock import database_now, now
from core.errors import ApprovalRefused, CampaignNotReady, CampaignStateWrong, CampaignUnknown

S = CampaignState
# Step -> the states from which it may be taken.
ALLOWED: dict[str, tuple[CampaignState, ...]] = {
    "start": (S.DRAFT,),
    "approve": (S.AWAITING,),
    "withdraw": (S.AWAITING,),
    "pause": (S.RUNNING, S.SCHEDULED),
    "resume": (S.PAUSED,),
    "cancel": (S.AWAITING, S.SCHEDULED, S.RUNNING, S.PAUSED),
}


def start(*, campaign_id: UUID, actor: str) -> Campaign:
    """Start or schedule it, or put it before a second person; CampaignNotReady says what to mend first."""
    with _locked(campaign_id, "start") as campaign:
        _check(campaign)
        campaign.requested_by = actor
        if needs_approval(campaign):
            campaign.state = S.AWAITING
        else:
            _begin(campaign, actor)
    return campaign


def approve(*, campaign_id: UUID, actor: str, seen: str | None = None) -> Campaign:
    """Agree to a campaign of somebody else; it starts, or is scheduled, with that.

    `seen`: the digest of what was shown; CampaignStateWrong where the campaign is another one by now.
    """
    with _locked(campaign_id, "approve") as campaign:
        if seen is not None and seen != digest_of(campaign):
            raise CampaignStateWrong(
                "It was changed after you opened this page. Look at it again, then approve."
            )
        if not may_approve(campaign, actor):
            raise ApprovalRefused(
                "Who made a campaign or asked for its start cannot approve it. Ask a second person to."
            )
        _check(campaign)
        campaign.approved_by, campaign.approved_at = actor, now()
        campaign.approved_digest = digest_of(campaign)
        _begin(campaign, campaign.requested_by or actor)
    return campaign


def withdraw(*, campaign_id: UUID) -> Campaign:
    """Make it a draft again instead of approving it."""
    with _locked(campaign_id, "withdraw") as campaign:
        campaign.state = S.DRAFT
    return campaign


def pause(*, campaign_id: UUID, actor: str) -> int:
    """Hand over nothing more, and take back what waits in the queue; gives how many messages that were.

    A triggered campaign takes no more calls; what was accepted goes out, for the data of a call is not kept.
    """
    with _locked(campaign_id, "pause") as campaign:
        campaign.state, campaign.problem = S.PAUSED, ""
    if campaign.is_open_ended:
        return 0
    return sum(take_back(run_id, actor=actor) for run_id in _at_work(campaign))


def resume(*, campaign_id: UUID) -> Campaign:
    """Go on where it stopped. Runs of a recurring campaign that were missed meanwhile are not made up for."""
    with _locked(campaign_id, "resume") as campaign:
        campaign.problem = ""
        if campaign.is_recurring and campaign.next_run_at is not None:
            campaign.next_run_at = _next_run(campaign)
        has_work = campaign.is_open_ended or bool(_at_work(campaign))
        campaign.state = S.RUNNING if has_work else S.SCHEDULED if campaign.next_run_at else S.FINISHED
    return campaign


def _next_run(campaign: Campaign) -> datetime | None:
    """The first run that was not made yet and whose time is not over."""
    plan, moment = plan_of(campaign), database_now()
    upcoming = first_run(plan, moment)
    if upcoming is not None and campaign.runs.filter(planned_at=upcoming).exists():
        return next_after(plan, max(upcoming, moment))
    return upcoming


def cancel(*, campaign_id: UUID, actor: str) -> int:
    """End it for good: what waits in the queue is cancelled now, the other recipients by the workers."""
    with _locked(campaign_id, "cancel") as campaign:
        campaign.state, campaign.next_run_at, campaign.problem = S.CANCELLED, None, ""
        runs = _at_work(campaign)
    cancelled = 0
    for run_id in runs:
        CampaignRun.objects.filter(id=run_id, state__in=AT_WORK).update(state=RunState.CANCELLING)
        cancelled += cancel_waiting(run_id, actor=actor)
    return cancelled


def copy(*, campaign_id: UUID, actor: str) -> Campaign:
    """A draft that says the same to the same people, to be started anew."""
    original = Campaign.objects.filter(id=campaign_id).first()
    if original is None:
        raise CampaignUnknown(f"There is no campaign {campaign_id}.")
    kept = {field: getattr(original, field) for field in _COPIED}
    with transaction.atomic():
        made = Campaign.objects.create(**kept, name=_free_name(original.name), created_by=actor)
        for variant in original.variants.all():
            made.variants.create(label=variant.label, version_id=variant.version_id, weight=variant.weight)
    return made


_COPIED = (
    "description", "kind", "channel", "audience", "when", "start_on", "start_time", "time_zone", "by_recipient_clock",
    "weekdays", "day_of_month", "ends_on", "per_minute", "holdout_percent",
)  # fmt: skip


def _free_name(name: str) -> str:
    stem = f"{name[:85]} (copy"
    taken = set(Campaign.objects.filter(name__startswith=stem).values_list("name", flat=True))
    names = (f"{stem})" if number == 1 else f"{stem} {number})" for number in count(1))
    return next(free for free in names if free not in taken)


def new_run(campaign: Campaign, *, planned_at: datetime, actor: str) -> CampaignRun:
    """The next run of a campaign that is locked; a triggered one has nobody to collect."""
    last = campaign.runs.order_by("-number").values_list("number", flat=True).first() or 0
    audience = campaign.audience
    by_filter = audience is not None and audience.kind == AudienceKind.FILTER
    return CampaignRun.objects.create(
        campaign=campaign,
        number=last + 1,
        planned_at=planned_at,
        started_by=actor,
        state=RunState.SENDING if campaign.is_open_ended else RunState.EXPANDING,
        filter=audience.filter if audience is not None and by_filter else None,
        most=most_of(campaign),
    )


def _begin(campaign: Campaign, actor: str) -> None:
    moment = database_now()
    if campaign.when == When.NOW or campaign.is_open_ended:
        new_run(campaign, planned_at=moment, actor=actor)
        campaign.state = S.RUNNING
        return
    campaign.next_run_at = first_run(plan_of(campaign), moment)
    campaign.state = S.SCHEDULED


def _check(campaign: Campaign) -> None:
    stops = [finding.text for finding in findings_on(campaign) if finding.stops]
    if stops:
        raise CampaignNotReady(" ".join(stops))
    audience = campaign.audience
    if audience is not None and not campaign.is_recurring and is_empty(audience):
        raise CampaignNotReady(
            f"Nobody is in the audience {audience} now. Change its filter, or add people to it."
        )


def _at_work(campaign: Campaign) -> list[UUID]:
    return list(campaign.runs.filter(state__in=AT_WORK).order_by("id").values_list("id", flat=True))


@contextmanager
def _locked(campaign_id: UUID, step: str) -> Iterator[Campaign]:
    """The campaign, locked and in a state that allows the step; saved at the end."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).filter(id=campaign_id).first()
        if campaign is None:
            raise CampaignUnknown(f"There is no campaign {campaign_id}.")
        if campaign.state not in ALLOWED[step]:
            allowed = " or ".join(str(state.label).lower() for state in ALLOWED[step])
            raise CampaignStateWrong(
                f"The campaign is {S(campaign.state).label.lower()}; only one that is {allowed} can do that. "
                "Reload the page: somebody may have been faster."
            )
        yield campaign
        campaign.save()
