"""Checking a payload while it is written: problems with their place, and the request a sample makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from django.conf import settings

from core.errors import GatewayError
from core.secrets import MASK
from core.templating import PICKER, JsonTemplate, Missing, Problem
from credentials.building import RequestBuilder, RequestShape
from credentials.checking import VARIABLES, check_request
from credentials.headers import is_secret_name, is_undeletable

_HEADER_FIELD: Final = re.compile(r"headers-(\d+)-name")
_SAMPLE: Final[Mapping[str, Any]] = {
    "toNumber": "+14155550123",
    "fromNumber": "+15005550006",
    "message": "Hello Ada, your table for 2 is booked: 19:30. “See you!”",
    "messageId": "01990000-0000-7000-8000-000000000001",
    "part": 1,
    "parts": 1,
    "encoding": "UCS-2",
    "apiToken": MASK,
    "profile": {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "email": "ada@example.com",
        "language": "en",
        "city": "London",
    },
}


def check_payload(source: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the payload editor shows: {"problems": [...], "preview": str, "picker": [...]}."""
    shape = shape_of_fields(source, fields)
    return {
        "problems": _problems(shape),
        "preview": _preview(shape, str(fields.get("provider_app_id") or "")),
        "picker": [asdict(group) for group in PICKER],
    }


def shape_of_fields(source: str, fields: Mapping[str, Any]) -> RequestShape:
    """The request as it stands in the unsaved form, secret headers masked."""
    return RequestShape(
        url=str(fields.get("provider_url") or ""), headers=tuple(_headers(fields)), payload=source
    )


def _headers(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for key, name in fields.items():
        if (match := _HEADER_FIELD.fullmatch(key)) and name:
            prefix = f"headers-{match[1]}"
            value = str(fields.get(f"{prefix}-value") or "")
            if value or not is_undeletable(str(name)):
                rows.append((str(name), "****" if fields.get(f"{prefix}-secret") or not value else value))
    return rows


def _problems(shape: RequestShape) -> list[dict[str, Any]]:
    faults = JsonTemplate(shape.payload).check(known=VARIABLES)
    if faults:
        return [_shown(problem, "error") for problem in faults]
    findings = check_request(shape)
    errors = [problem.text for problem in findings.errors if problem.field == "payload"]
    return [
        *(_shown(Problem(text, 1, 1), "error") for text in errors),
        *(_shown(Problem(text, 1, 1), "warning") for text in findings.warnings),
    ]


def _shown(problem: Problem, level: str) -> dict[str, Any]:
    return {**asdict(problem), "level": level}


def _preview(shape: RequestShape, app_id: str) -> str:
    callback = f"{settings.SMSGATEWAY_PUBLIC_URL}/hooks/…/"
    context = {
        **_SAMPLE,
        "providerAppId": app_id or "app-id",
        "statusCallbackUrl": callback,
        "inboundCallbackUrl": callback,
    }
    url = shape.url or "https://provider.example.com/messages"
    try:
        builder = RequestBuilder(RequestShape(url, shape.headers, shape.payload), missing=Missing.BLANK)
        request = builder.build(context)
    except GatewayError as error:
        return error.text
    lines = [f"POST {request.url}"]
    lines += [
        f"{name}: {'****' if is_secret_name(name) else value}"
        for name, value in request.headers.items()
        if name != "Content-Length"
    ]
    return "\n".join([*lines, "", _body(request.body, builder.charset)])


def _body(body: Any, charset: str) -> str:
    text = body.decode(charset) if isinstance(body, bytes) else str(body)
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
