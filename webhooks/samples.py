"""Each vendor's callbacks by example, used until an operator writes others. Pure: no Django, no models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Samples:
    """JSON text of one inbound message and of one delivery report, with {{variables}} where values stand."""

    inbound: str
    report: str


def _written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2)


# Field names by the vendors' public API references; Twilio posts form fields.
_SAMPLES: dict[str, Samples] = {
    "custom": Samples(
        inbound=_written(
            {
                "type": "inbound_message",
                "id": "{{requestId}}",
                "from": "{{profileNumber}}",
                "to": "{{inboundNumber}}",
                "text": "{{inboundMessage}}",
                "timestamp": "{{originTimestamp}}",
            }
        ),
        report=_written(
            {
                "type": "delivery_report",
                "messageId": "{{providerMessageId}}",
                "clientReference": "{{client_reference}}",
                "to": "{{profileNumber}}",
                "status": "{{feedbackStatus}}",
                "errorCode": "{{failureCode}}",
                "timestamp": "{{originTimestamp}}",
            }
        ),
    ),
    "twilio": Samples(
        inbound=_written(
            {
                "MessageSid": "{{requestId}}",
                "From": "{{profileNumber}}",
                "To": "{{inboundNumber}}",
                "Body": "{{inboundMessage}}",
                "SmsStatus": "received",
            }
        ),
        report=_written(
            {
                "MessageSid": "{{providerMessageId}}",
                "MessageStatus": "{{feedbackStatus}}",
                "To": "{{profileNumber}}",
                "ErrorCode": "{{failureCode}}",
            }
        ),
    ),
    "sinch": Samples(
        inbound=_written(
            {
                "type": "mo_text",
                "id": "{{requestId}}",
                "from": "{{profileNumber}}",
                "to": "{{inboundNumber}}",
                "body": "{{inboundMessage}}",
                "received_at": "{{originTimestamp}}",
            }
        ),
        report=_written(
            {
                "type": "recipient_delivery_report_sms",
                "batch_id": "{{providerMessageId}}",
                "client_reference": "{{client_reference}}",
                "recipient": "{{profileNumber}}",
                "status": "{{feedbackStatus}}",
                "code": "{{failureCode}}",
                "at": "{{originTimestamp}}",
            }
        ),
    ),
    "infobip": Samples(
        inbound=_written(
            {
                "results": [
                    {
                        "messageId": "{{requestId}}",
                        "from": "{{profileNumber}}",
                        "to": "{{inboundNumber}}",
                        "text": "{{inboundMessage}}",
                        "receivedAt": "{{originTimestamp}}",
                    }
                ]
            }
        ),
        report=_written(
            {
                "results": [
                    {
                        "messageId": "{{providerMessageId}}",
                        "callbackData": "{{client_reference}}",
                        "to": "{{profileNumber}}",
                        "status": {"name": "{{feedbackStatus}}"},
                        "error": {"id": "{{failureCode}}"},
                        "doneAt": "{{originTimestamp}}",
                    }
                ]
            }
        ),
    ),
}


def samples_of(vendor: str) -> Samples:
    """The vendor's samples; a vendor without its own has the custom ones, which fit the bundled simulator."""
    return _SAMPLES.get(vendor, _SAMPLES["custom"])
