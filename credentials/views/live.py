"""What scripts on the credential's page ask while somebody types: the request to come, a sample answer taken apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.errors import NumberInvalid
from core.numbers import parse_sender
from credentials.answer_sample import read_sample
from credentials.preview import Sample, as_text, preview_fields
from credentials.views.shared import needs, posted_json

_LONGEST_TEXT: Final = 5_000


def request_preview(request: HttpRequest) -> HttpResponse:
    """{"fields", "sample": {"to", "sender", "text", "more"}} in, {"requests": [...]} or {"problem", "field"} out."""
    needs(request, "view")
    posted = posted_json(request)
    fields = (posted or {}).get("fields")
    sample = (posted or {}).get("sample")
    if not isinstance(fields, dict) or not isinstance(sample, dict):
        return JsonResponse({"error": "Send a JSON object with fields and sample."}, status=400)
    try:
        rendered = preview_fields(fields, _sample(sample))
    except _Refused as refused:
        return JsonResponse({"problem": refused.text, "field": refused.field})
    return JsonResponse({"requests": [{**asdict(one), "text": as_text(one)} for one in rendered]})


def answer_sample(request: HttpRequest) -> HttpResponse:
    """{"sample": text} in; what it is, its lines with paths, and what is wrong with it out."""
    needs(request, "view")
    posted = posted_json(request)
    if posted is None:
        return JsonResponse({"error": "Send a JSON object with sample."}, status=400)
    return JsonResponse(asdict(read_sample(str(posted.get("sample") or ""))))


class _Refused(Exception):
    """A sample that cannot be used: which field, and why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field, self.text = field, text


def _sample(posted: Mapping[str, Any]) -> Sample:
    text = str(posted.get("text") or "")
    if len(text) > _LONGEST_TEXT:
        raise _Refused("text", f"This is longer than {_LONGEST_TEXT} characters.")
    return Sample(
        to=_number(posted, "to"),
        sender=_number(posted, "sender"),
        text=text,
        more=_variables(posted.get("more")),
    )


def _number(posted: Mapping[str, Any], name: str) -> str:
    try:
        country = settings.SMSGATEWAY_DEFAULT_COUNTRY
        return parse_sender(str(posted.get(name) or ""), default_country=country).value
    except NumberInvalid as error:
        raise _Refused(name, error.text) from error


def _variables(source: Any) -> dict[str, Any]:
    if not str(source or "").strip():
        return {}
    try:
        found = json.loads(str(source))
    except (ValueError, RecursionError) as error:
        raise _Refused("more", f"This is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise _Refused("more", 'Write a JSON object, such as {"profile": {"firstName": "Ada"}}.')
    return found
