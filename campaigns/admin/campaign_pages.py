"""The pages of a campaign beside its form: the look ahead, the progress, and the buttons."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.views.decorators.http import require_POST

from access.audit import address_of, record
from campaigns import steps
from campaigns.admin.campaign_badge import badge
from campaigns.approving import digest_of, may_approve, needs_approval
from campaigns.audiences.scanning import percent_up_to
from campaigns.findings import Finding
from campaigns.models import Campaign, CampaignRun, CampaignState, RunState
from campaigns.people import People, choices_of, people_of
from campaigns.picking import chosen_by
from campaigns.preflight import Preflight, look_ahead
from campaigns.progress import VariantResult, progress_of
from campaigns.scheduling.words import ran, schedule_of, when_of
from core.admin_links import admin_url
from core.clock import now
from core.errors import GatewayError

_RUNS_SHOWN = 50
_COMPARED = ("delivered", "failed", "clicks", "opt_outs")
_LIVE = (CampaignState.RUNNING, CampaignState.SCHEDULED)


@dataclass(frozen=True)
class Button:
    """A step on screen: who may take it, what it says afterwards."""

    permission: str
    take: Callable[[uuid.UUID, str], object]
    said: str


BUTTONS: dict[str, Button] = {
    "start": Button(
        "start_campaign", lambda campaign, actor: steps.start(campaign_id=campaign, actor=actor), "Started."
    ),
    "approve": Button(
        "approve_campaign",
        lambda campaign, actor: steps.approve(campaign_id=campaign, actor=actor),
        "Approved; it goes out as planned.",
    ),
    "withdraw": Button(
        "change_campaign",
        lambda campaign, actor: steps.withdraw(campaign_id=campaign),
        "It is a draft again and can be changed.",
    ),
    "pause": Button(
        "start_campaign",
        lambda campaign, actor: steps.pause(campaign_id=campaign, actor=actor),
        "Paused: nothing more is handed over, and what waited in the queue was taken back.",
    ),
    "resume": Button(
        "start_campaign", lambda campaign, actor: steps.resume(campaign_id=campaign), "It goes on."
    ),
    "cancel": Button(
        "start_campaign",
        lambda campaign, actor: steps.cancel(campaign_id=campaign, actor=actor),
        "Cancelled. What has left cannot be called back; everything else stays here.",
    ),
}


def urls(of: Any) -> list[URLPattern]:
    """Addresses of the pages."""

    def guarded(view: Callable[..., HttpResponse]) -> Any:
        return of.admin_site.admin_view(lambda request, **names: view(of, request, **names))

    return [
        path("<uuid:campaign_id>/preflight/", guarded(preflight), name="campaigns_campaign_preflight"),
        path("<uuid:campaign_id>/recipients/", guarded(recipients), name="campaigns_campaign_recipients"),
        path("<uuid:campaign_id>/progress/", guarded(progress), name="campaigns_campaign_progress"),
        path(
            "<uuid:campaign_id>/copy/",
            of.admin_site.admin_view(require_POST(lambda request, **names: copy(of, request, **names))),
            name="campaigns_campaign_copy",
        ),
        path(
            "<uuid:campaign_id>/step/<str:step>/",
            of.admin_site.admin_view(require_POST(lambda request, **names: take(of, request, **names))),
            name="campaigns_campaign_step",
        ),
    ]


def after_saving(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Saved: look ahead next."""
    messages.success(request, f"{campaign} is saved. Nothing has been sent.")
    return HttpResponseRedirect(reverse("admin:campaigns_campaign_preflight", args=[campaign.pk]))


def preflight(of: Any, request: HttpRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """Whom it reaches, what it costs, what is in its way."""
    campaign = _campaign(of, request, campaign_id)
    found = look_ahead(campaign)
    return _page(
        of, request, campaign, "preflight.html", f"Before {campaign} starts", **_ahead(campaign, found)
    )


def _ahead(campaign: Campaign, found: Preflight) -> dict[str, Any]:
    segments = found.segments or [0]
    return {
        "least": min(segments),
        "most": max(segments),
        "mean": sum(segments) / len(segments),
        "currency": settings.SMSGATEWAY_CURRENCY,
        "ahead": found,
        "findings": [(finding, _where(finding)) for finding in found.findings],
        "needs_approval": campaign.is_editable and needs_approval(campaign),
    }


def _where(finding: Finding) -> str:
    """The page where it is mended, "" where there is none."""
    if finding.about is None:
        return ""
    try:
        return admin_url(finding.about, "change")
    except NoReverseMatch:
        return ""


def detail(of: Any, request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """What became of it; while it waits for approval, what would."""
    if not of.has_view_permission(request, campaign):
        raise PermissionDenied
    more = {}
    if campaign.state == CampaignState.AWAITING:
        more = {"digest": digest_of(campaign), **_ahead(campaign, look_ahead(campaign))}
    return _page(of, request, campaign, "detail.html", str(campaign), **_numbers(request, campaign), **more)


def progress(of: Any, request: HttpRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes, for the page to fetch."""
    campaign = _campaign(of, request, campaign_id)
    return TemplateResponse(
        request,
        "admin/campaigns/campaign/progress.html",
        {"campaign": campaign, **_numbers(request, campaign)},
    )


def recipients(of: Any, request: HttpRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """Who was in a run and what became of each: a page of those of one kind, or one person by number."""
    campaign = _campaign(of, request, campaign_id)
    run = _chosen(list(campaign.runs.order_by("-number")[:_RUNS_SHOWN]), request.GET.get("run", ""))
    asked = {name: request.GET.get(name, "").strip() for name in ("number", "show", "after")}
    more = {
        "run": run,
        "number": asked["number"],
        "show": chosen_by(asked["show"]).key,
        "people": people_of(run, **asked) if run else People(),
        "choices": choices_of(run) if run else [],
    }
    return _page(of, request, campaign, "recipients.html", f"Recipients of {campaign}", **more)


def _numbers(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    runs = list(campaign.runs.order_by("-number")[:_RUNS_SHOWN])
    run = _chosen(runs, request.GET.get("run", ""))
    numbers = progress_of(run) if run else None
    return {
        "run": run,
        "runs": runs,
        "numbers": numbers,
        "when": when_of(campaign, ran(runs[0] if runs else None)),
        "results": [_result(variant) for variant in numbers.variants] if numbers else [],
        "percent": int(numbers.done_share * 100) if numbers else 0,
        "looked_at": percent_up_to(run.cursor)
        if run and run.cursor and run.state == RunState.EXPANDING
        else None,
        "is_live": campaign.state in _LIVE,
        "now": now(),
    }


def _result(variant: VariantResult) -> dict[str, Any]:
    """One row of the table of results."""
    return {
        "label": variant.label,
        "recipients": variant.recipients,
        "accepted": variant.accepted,
        "cells": [(variant.outcomes.get(name, 0), f"{variant.share(name):.1%}") for name in _COMPARED],
        "segments": variant.outcomes.get("segments", 0),
    }


def _chosen(runs: list[CampaignRun], number: str) -> CampaignRun | None:
    return next((run for run in runs if str(run.number) == number), runs[0] if runs else None)


def take(of: Any, request: HttpRequest, campaign_id: uuid.UUID, step: str) -> HttpResponse:
    """Take a step; what is in its way is said."""
    campaign, button = _campaign(of, request, campaign_id), BUTTONS.get(step)
    if button is None or not request.user.has_perm(f"campaigns.{button.permission}"):
        raise PermissionDenied
    try:
        if step == "approve":
            seen = request.POST.get("seen", "")
            steps.approve(campaign_id=campaign.pk, actor=str(request.user), seen=seen)
        else:
            button.take(campaign.pk, str(request.user))
    except GatewayError as error:
        messages.error(request, error.text)
        if step == "start":
            return HttpResponseRedirect(reverse("admin:campaigns_campaign_preflight", args=[campaign.pk]))
    else:
        campaign.refresh_from_db()
        record(actor=request.user, action=f"{step} campaign", obj=campaign, address=address_of(request))
        messages.success(request, _said(campaign, button))
    return HttpResponseRedirect(admin_url(campaign, "change"))


def _said(campaign: Campaign, button: Button) -> str:
    if campaign.state == CampaignState.AWAITING:
        return "It goes to so many people that a second person has to approve it. It starts when they do."
    if campaign.next_run_at is not None and campaign.next_run_at <= now() and button is BUTTONS["resume"]:
        return "Its time came while it was paused: it goes out now."
    if campaign.state == CampaignState.SCHEDULED and campaign.next_run_at is not None:
        return f"Scheduled: it goes out next at {campaign.next_run_at:%Y-%m-%d %H:%M} UTC."
    return button.said


def copy(of: Any, request: HttpRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """A new draft of the same."""
    campaign = _campaign(of, request, campaign_id)
    if not of.has_add_permission(request):
        raise PermissionDenied
    made = steps.copy(campaign_id=campaign.pk, actor=str(request.user))
    record(actor=request.user, action="copied campaign", obj=made, address=address_of(request))
    messages.success(request, f"{made} is a draft. Change what shall be different, then start it.")
    return HttpResponseRedirect(admin_url(made, "change"))


def _campaign(of: Any, request: HttpRequest, campaign_id: uuid.UUID) -> Campaign:
    if not of.has_view_permission(request):
        raise PermissionDenied
    rows = Campaign.objects.select_related("channel__credential", "audience")
    return get_object_or_404(rows, pk=campaign_id)


def _page(
    of: Any, request: HttpRequest, campaign: Campaign, template: str, title: str, **more: Any
) -> HttpResponse:
    context = {
        **of.admin_site.each_context(request),
        "opts": of.opts,
        "original": campaign,
        "campaign": campaign,
        "title": title,
        "badge": badge(campaign),
        "schedule": schedule_of(campaign),
        "variants": list(campaign.variants.select_related("version__template")),
        "allowed": {step for step, button in BUTTONS.items() if _may(request, campaign, step, button)},
        "may_add": of.has_add_permission(request),
        "may_change": of.has_change_permission(request, campaign),
        **more,
    }
    return TemplateResponse(request, f"admin/campaigns/campaign/{template}", context)


def _may(request: HttpRequest, campaign: Campaign, step: str, button: Button) -> bool:
    """Whether the person may take the step now."""
    if campaign.state not in steps.ALLOWED[step] or not request.user.has_perm(
        f"campaigns.{button.permission}"
    ):
        return False
    return step != "approve" or may_approve(campaign, str(request.user))
