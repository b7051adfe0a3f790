"""Message endpoints in the shape of well-known providers: what of their fields means what, and how they answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.wire import Refusal, Request

Fields = dict[str, object]


@dataclass(frozen=True)
class Shape:
    """One provider's endpoint: whose account signs in, the message in our words, the answer for an id."""

    account: str
    path: re.Pattern[str]
    read: Callable[[Request], Fields]
    answer: Callable[[str], Mapping[str, object]]


def shape_of(path: str) -> Shape | None:
    """The shape an address has, if any."""
    return next((shape for shape in SHAPES if shape.path.fullmatch(path)), None)


def _sinch(request: Request) -> Fields:
    data = request.json()
    return {
        "to": _first(data.get("to")),
        "from": data.get("from"),
        "content": data.get("body"),
        "clientReference": data.get("client_reference"),
        "callbackUrl": data.get("callback_url"),
    }


def _twilio(request: Request) -> Fields:
    data = request.form()
    return {
        "to": data.get("To"),
        "from": data.get("From") or data.get("MessagingServiceSid"),
        "content": data.get("Body"),
        "callbackUrl": data.get("StatusCallback"),
    }


def _infobip(request: Request) -> Fields:
    message = _object(_first(request.json().get("messages")))
    target = _object(_first(message.get("destinations")))
    return {
        "to": f"+{target.get('to') or ''}",
        "from": message.get("sender") or message.get("from"),
        "content": _object(message.get("content")).get("text"),
        "clientReference": target.get("messageId"),
    }


def _infobip_answer(message_id: str) -> Mapping[str, object]:
    status = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
    return {"messages": [{"messageId": message_id, "status": status}]}


SHAPES = (
    Shape("bearer", re.compile(r"/xms/v1/[^/]+/batches"), _sinch, lambda id_: {"id": id_}),
    Shape(
        "basic",
        re.compile(r"/2010-04-01/Accounts/[^/]+/Messages\.json"),
        _twilio,
        lambda id_: {"sid": id_, "status": "queued"},
    ),
    Shape("bearer", re.compile(r"/sms/3/messages"), _infobip, _infobip_answer),
)


def _first(value: Any) -> Any:
    if isinstance(value, list) and value:
        return value[0]
    raise Refusal(422, "INVALID_PARAMETER", "A list with one entry is expected.")


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Refusal(422, "INVALID_PARAMETER", "An object is expected.")
