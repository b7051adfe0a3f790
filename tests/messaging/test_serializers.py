from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from messaging.serializers import SendRequest

GOOD = {"to": "+14155550101", "channel": "shop", "text": "Hello"}
BODIES: dict[str, Any] = {
    "plain": GOOD,
    "another order": {"text": "Hello", "to": "+14155550101", "channel": "shop"},
    "letters of any script": {**GOOD, "text": "Grüße, Ζωή, 你好 🎉"},
    "several lines": {**GOOD, "text": "One\nTwo"},
    "blanks around the text": {**GOOD, "text": " Hello "},
    "blanks around the number": {**GOOD, "to": " +14155550101 "},
    "no text": {**GOOD, "text": ""},
    "no number": {**GOOD, "to": ""},
    "the longest text": {**GOOD, "text": "x" * 10_000},
    "a text too long": {**GOOD, "text": "x" * 10_001},
    "a number too long": {**GOOD, "to": "1" * 41},
    "a NUL": {**GOOD, "text": "a\0b"},
    "half a character": {**GOOD, "text": "a\ud800"},
    "a number as such": {**GOOD, "to": 14155550101},
    "true": {**GOOD, "text": True},
    "nothing": {**GOOD, "text": None},
    "a list": {**GOOD, "to": ["+14155550101"]},
    "a profile": {**GOOD, "profile": {"name": "Zoë"}},
    "a field too many": {**GOOD, "txt": "Hello"},
    "a field too few": {"to": "+14155550101", "channel": "shop"},
    "no object": ["to"],
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_plain_messages_are_read_as_their_fields_would_read_them(body: Any) -> None:
    assert outcome(SendRequest(), body) == outcome(FieldByField(), body)


class FieldByField(SendRequest):
    """The same without the short way."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return serializers.Serializer.run_validation(self, data)


def outcome(form: SendRequest, body: Any) -> Any:
    try:
        return dict(form.run_validation(body))
    except ValidationError as error:
        return error.detail
