"""What the message editor asks while somebody types a message to send by hand."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse

from core.errors import NumberInvalid
from core.numbers import parse_number
from core.templating import PICKER, helper_groups
from messaging.composing import compose
from messaging.models import ChannelConfiguration
from profiles.selectors import attributes_for

_LARGEST = 256 * 1024
_EXAMPLE = "+14155550123"
_ATTRIBUTES = next(group for group in PICKER if group.label == "Profile attributes")


def text_check(request: HttpRequest) -> JsonResponse:
    """{"source", "fields": {"number", "channel"}} in; problems, preview, note and picker out."""
    if not request.user.has_perm("messaging.change_channelconfiguration"):
        raise PermissionDenied
    posted = _posted(request)
    if posted is None:
        return JsonResponse({"error": "Send a JSON object with source and fields."}, status=400)
    fields = posted.get("fields")
    values = fields if isinstance(fields, dict) else {}
    channel = _channel(str(values.get("channel", "")))
    msisdn = _number(str(values.get("number", "")), channel)
    attributes = (
        attributes_for([msisdn]).get(msisdn, {}) if request.user.has_perm("profiles.view_profile") else {}
    )
    composed = compose(
        str(posted.get("source", "")), msisdn=msisdn or _EXAMPLE, attributes=attributes, channel=channel
    )
    return JsonResponse(
        {
            "problems": [asdict(problem) | {"level": "error"} for problem in composed.problems],
            "preview": composed.text,
            "note": composed.note,
            "picker": [asdict(group) for group in (_ATTRIBUTES, *helper_groups())],
        }
    )


def _posted(request: HttpRequest) -> dict[str, Any] | None:
    try:
        found = json.loads(request.body) if len(request.body) <= _LARGEST else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _channel(channel_id: str) -> ChannelConfiguration | None:
    try:
        wanted = uuid.UUID(channel_id)
    except ValueError:
        return None
    return ChannelConfiguration.objects.select_related("credential").filter(pk=wanted).first()


def _number(typed: str, channel: ChannelConfiguration | None) -> str:
    country = (channel.default_country if channel else "") or settings.SMSGATEWAY_DEFAULT_COUNTRY
    try:
        return parse_number(typed, default_country=country)
    except NumberInvalid:
        return ""
