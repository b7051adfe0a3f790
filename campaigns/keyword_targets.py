"""The names that a webhook's keywords may ask for, as suggestions while staff type."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from campaigns.models import Audience, AudienceKind, Campaign, CampaignKind
from campaigns.models.campaigns import ENDED

_MOST: Final = 500


def keyword_targets(request: HttpRequest) -> JsonResponse:
    """Lists that people can join and campaigns that can be triggered, by name, as far as one may see them."""
    lists = Audience.objects.filter(kind=AudienceKind.STATIC)
    triggered = Campaign.objects.filter(kind=CampaignKind.TRIGGERED).exclude(state__in=ENDED)
    return JsonResponse(
        {
            "audiences": _names(lists, request.user, "campaigns.view_audience"),
            "campaigns": _names(triggered, request.user, "campaigns.view_campaign"),
        }
    )


def _names(rows: QuerySet[Any], user: Any, permission: str) -> list[str]:
    allowed = user.has_perm(permission)
    return list(rows.order_by("name").values_list("name", flat=True)[:_MOST]) if allowed else []
