"""What the message editor asks while somebody types a message to send by hand."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from core.errors import NumberInvalid
from core.numbers import parse_number
from core.templating import CONDITIONS, OPT_OUT_PAGE, TEXT_VARIABLES, PickerGroup, helper_groups
from credentials.loading import text_of
from credentials.models import ApiCredential
from credentials.spec import TextSpec
from messaging.composing import compose
from messaging.models import ChannelConfiguration
from messaging.testsend import default_sender
from profiles.seen import attribute_group, seen_attributes
from profiles.selectors import attributes_for

_LARGEST = 256 * 1024
_EXAMPLE = "+14155550123"
_MAY_SEND = ("messaging.change_channelconfiguration", "credentials.change_apicredential")


def text_check(request: HttpRequest) -> JsonResponse:
    """{"source", "fields": {"number", "sender", "channel" or "credential"}} in; problems, preview, note, picker out."""
    if not any(request.user.has_perm(permission) for permission in _MAY_SEND):
        raise PermissionDenied
    posted = _posted(request)
    if posted is None:
        return JsonResponse({"error": "Send a JSON object with source and fields."}, status=400)
    fields = posted.get("fields")
    values = fields if isinstance(fields, dict) else {}
    way = _way(values)
    msisdn = _number(str(values.get("number", "")), way.country)
    attributes = (
        attributes_for([msisdn]).get(msisdn, {}) if request.user.has_perm("profiles.view_profile") else {}
    )
    composed = compose(
        str(posted.get("source", "")),
        msisdn=msisdn or _EXAMPLE,
        attributes=attributes,
        sender=way.sender,
        spec=way.spec,
    )
    return JsonResponse(
        {
            "problems": [asdict(problem) | {"level": "error"} for problem in composed.problems],
            "preview": composed.text,
            "note": composed.note,
            "picker": [asdict(group) for group in _picker()],
        }
    )


def _posted(request: HttpRequest) -> dict[str, Any] | None:
    try:
        found = json.loads(request.body) if len(request.body) <= _LARGEST else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _picker() -> tuple[PickerGroup, ...]:
    message = PickerGroup("Message", (*TEXT_VARIABLES, OPT_OUT_PAGE))
    return (attribute_group(seen_attributes()), message, CONDITIONS, *helper_groups())


@dataclass(frozen=True)
class _Way:
    """How the message will go, as far as the page says."""

    sender: str = ""
    spec: TextSpec | None = None
    country: str = ""


def _way(values: Mapping[str, Any]) -> _Way:
    """That of the channel or, in a test of credentials, theirs with the sender that is typed."""
    channel = _found(ChannelConfiguration.objects.select_related("credential"), values.get("channel"))
    if channel:
        return _Way(channel.sender, text_of(channel.credential), channel.default_country)
    credential = _found(ApiCredential.objects.all(), values.get("credential"))
    typed = str(values.get("sender", "")).strip()
    return _Way(typed or default_sender(credential), text_of(credential)) if credential else _Way(typed)


def _found(rows: QuerySet[Any], key: Any) -> Any:
    try:
        return rows.filter(pk=uuid.UUID(str(key))).first()
    except ValueError:
        return None


def _number(typed: str, country: str) -> str:
    try:
        return parse_number(typed, default_country=country or settings.SMSGATEWAY_DEFAULT_COUNTRY)
    except NumberInvalid:
        return ""
