"""What a payload template may use of a message."""

from __future__ import annotations

from typing import Any

from core.segments import segment
from messaging.models import Message


def context_of(message: Message) -> dict[str, Any]:
    """The variables of the provider payload that come from the message; the client adds those of the credential."""
    return {
        "toNumber": message.msisdn,
        "fromNumber": message.sender,
        "message": message.text,
        "messageId": str(message.id),
        "part": 1,
        "parts": message.part_count,
        "encoding": segment(message.text).encoding.value,
        "profile": message.profile,
    }
