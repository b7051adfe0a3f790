from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions, serializers

from access.api_errors import handle
from core.errors import IdempotencyConflict, IdempotencyInProgress, MessageUnknown, NumberInvalid


class Recipient(serializers.Serializer):
    number = serializers.CharField()


class Body(serializers.Serializer):
    text = serializers.CharField(max_length=3)
    recipients = Recipient(many=True)


def invalid(data):
    body = Body(data=data)
    body.is_valid()
    return exceptions.ValidationError(body.errors)


@pytest.mark.parametrize(
    ("error", "status", "code", "param"),
    [
        (NumberInvalid("Not a number.", param="to"), 400, "number_invalid", "to"),
        (MessageUnknown("No such message."), 404, "message_unknown", ""),
        (IdempotencyConflict("Used before."), 422, "idempotency_conflict", ""),
        (IdempotencyInProgress("Still running."), 409, "idempotency_in_progress", ""),
        (invalid({"recipients": []}), 400, "request_invalid", "text"),
        (
            invalid({"text": "hi", "recipients": [{"number": "1"}, {}]}),
            400,
            "request_invalid",
            "recipients.1.number",
        ),
        (exceptions.ValidationError("No."), 400, "request_invalid", ""),
        (exceptions.ParseError(), 400, "request_invalid", ""),
        (exceptions.NotAuthenticated(), 401, "api_key_invalid", ""),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", ""),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type", ""),
        (Http404(), 404, "not_found", ""),
        (PermissionDenied(), 403, "permission_denied", ""),
        (OperationalError("server closed the connection unexpectedly"), 503, "database_unavailable", ""),
        (InterfaceError("connection already closed"), 503, "database_unavailable", ""),
    ],
)
def test_every_error_has_one_envelope(error, status, code, param):
    response = handle(error, {})
    assert response.status_code == status
    assert response.data["error"]["code"] == code
    assert response.data["error"]["param"] == param
    assert response.data["error"]["message"]


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (IdempotencyInProgress("Still running."), "1"),
        (exceptions.Throttled(wait=7), "7"),
        (MessageUnknown("No such message."), None),
        (OperationalError("database is locked"), "1"),
    ],
)
def test_what_may_be_repeated_says_when(error, header):
    assert handle(error, {}).headers.get("Retry-After") == header


def test_an_unforeseen_error_stays_a_plain_500():
    assert handle(RuntimeError("boom"), {}) is None
    assert handle(IntegrityError("of our own making"), {}) is None
