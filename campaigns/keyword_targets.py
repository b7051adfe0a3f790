"""The names that a webhook's keywords may ask for, as suggestions while staff type."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, JsonResponse

from campaigns.models import Audience, AudienceKind

_MOST: Final = 500


def keyword_targets(request: HttpRequest) -> JsonResponse:
    """Lists that people can join, by name, for those who may see audiences; else nothing."""
    return JsonResponse({"audiences": _audiences(request.user)})


def _audiences(user: Any) -> list[str]:
    if not user.has_perm("campaigns.view_audience"):
        return []
    lists = Audience.objects.filter(kind=AudienceKind.STATIC).order_by("name")
    return list(lists.values_list("name", flat=True)[:_MOST])
