"""The REST API for campaigns: read where they stand, and trigger those that take calls."""

from __future__ import annotations

import uuid
from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api_errors import error_of
from access.authentication import HasScope
from access.idempotency import run_once
from access.models import ApiKey, Scope
from campaigns.api.campaign_serializers import (
    CampaignDetailView,
    CampaignsView,
    CampaignView,
    TriggerRequest,
    TriggerView,
)
from campaigns.models import Campaign, CampaignState
from campaigns.outcomes import LABELS
from campaigns.progress import progress_of
from campaigns.triggering import MOST_NAMED, Named, Outcome, exclusion_words, find, trigger_many
from core.errors import RequestInvalid
from core.secrets import keyed_hash
from messaging.api import ERRORS, IDEMPOTENCY
from messaging.backlog import backlog

_SHOWN = 100


class CampaignsApi(APIView):
    """Campaigns."""

    permission_classes = [HasScope(Scope.CAMPAIGNS_READ)]

    @extend_schema(
        operation_id="list_campaigns",
        summary="The newest 100 campaigns",
        parameters=[OpenApiParameter("state", str, enum=CampaignState.values)],
        responses={200: CampaignsView, **ERRORS},
    )
    def get(self, request: Request) -> Response:
        campaigns = Campaign.objects.select_related("channel", "audience").order_by("-created_at")
        if wanted := request.query_params.get("state"):
            campaigns = campaigns.filter(state=wanted)
        return Response({"campaigns": CampaignView(campaigns[:_SHOWN], many=True).data})


class CampaignApi(APIView):
    """One campaign."""

    permission_classes = [HasScope(Scope.CAMPAIGNS_READ)]

    @extend_schema(
        operation_id="get_campaign",
        summary="State and progress of a campaign",
        responses={200: CampaignDetailView, **ERRORS},
    )
    def get(self, request: Request, campaign_id: uuid.UUID) -> Response:
        campaign = find(str(campaign_id))
        return Response(
            {**CampaignView(campaign).data, "problem": campaign.problem, "progress": _progress(campaign)}
        )


class CampaignTriggerApi(APIView):
    """Calls of a triggered campaign."""

    permission_classes = [HasScope(Scope.CAMPAIGNS_TRIGGER)]

    @extend_schema(
        operation_id="trigger_campaign",
        summary="Send a campaign to named recipients, up to 1,000",
        parameters=[IDEMPOTENCY],
        request=TriggerRequest,
        responses={202: TriggerView, **ERRORS},
    )
    def post(self, request: Request, campaign_id: uuid.UUID) -> Response:
        body = TriggerRequest(data=request.data)
        body.is_valid(raise_exception=True)
        api_key, key = cast(ApiKey, request.auth), request.headers.get("Idempotency-Key", "")
        named = _named(body.validated_data["recipients"], api_key=api_key, key=key)
        code, answer, replayed = run_once(
            api_key=api_key,
            key=key,
            request_body={"campaign": str(campaign_id), **body.initial_data},
            work=lambda: (status.HTTP_202_ACCEPTED, _trigger(campaign_id, named, api_key)),
        )
        return Response(answer, status=code, headers={"Idempotent-Replayed": "true"} if replayed else None)


def _named(recipients: list[dict[str, Any]], *, api_key: ApiKey, key: str) -> list[Named]:
    """Each recipient under a key of its own: the caller's, so that a call repeated after days is still the same."""
    if not recipients or len(recipients) > MOST_NAMED:
        raise RequestInvalid(
            f"Name 1 to {MOST_NAMED:,} recipients in a call; these are {len(recipients):,}.",
            param="recipients",
        )
    stem = keyed_hash(f"{api_key.pk} {key}", use="campaign trigger") if key else uuid.uuid4().hex
    return [
        Named(to=one["to"], key=f"{stem[:64]}:{index}", context=one["context"])
        for index, one in enumerate(recipients)
    ]


def _trigger(campaign_id: uuid.UUID, named: list[Named], api_key: ApiKey) -> dict[str, Any]:
    backlog.check()
    actor = f"API key {api_key.name}"
    outcomes = trigger_many(campaign=find(str(campaign_id)), named=named, actor=actor, api_key=api_key)
    results = [_result(index, outcome) for index, outcome in enumerate(outcomes)]
    refused = sum("error" in result for result in results)
    return {"accepted": len(results) - refused, "refused": refused, "results": results}


def _result(index: int, outcome: Outcome) -> dict[str, Any]:
    result: dict[str, Any] = {"index": index}
    if outcome.msisdn:
        result["to"] = outcome.msisdn
    if outcome.message_id is not None:
        return result | {"id": str(outcome.message_id)}
    if outcome.reason:
        result["reason"] = outcome.reason
    told = error_of(outcome.error) if outcome.error is not None else None
    result["error"] = told or {
        "code": "recipient_left_out", "message": exclusion_words(outcome.reason), "param": "",
    }  # fmt: skip
    return result


def _progress(campaign: Campaign) -> dict[str, Any] | None:
    run = campaign.runs.order_by("-number").first()
    if run is None:
        return None
    numbers = progress_of(run)
    return {
        "run": run.number,
        "state": run.state,
        "planned_at": run.planned_at,
        "finished_at": run.finished_at,
        "audience": numbers.audience,
        "pending": numbers.pending,
        "accepted": numbers.accepted,
        "cancelled": numbers.cancelled,
        "excluded": dict(numbers.excluded),
        "outcomes": {name: numbers.outcomes[name] for name in LABELS if name in numbers.outcomes},
    }
