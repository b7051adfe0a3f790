"""One envelope for every API error: {"error": {"code", "message", "param"}}."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.errors import ApiKeyInvalid, BodyTooLarge, DatabaseUnavailable, GatewayError, RequestInvalid

# REST framework's words -> ours; others are passed on as they are (method_not_allowed, throttled, ...).
_CODES = {
    "not_authenticated": ApiKeyInvalid.code,
    "authentication_failed": ApiKeyInvalid.code,
    "invalid": RequestInvalid.code,
    "parse_error": RequestInvalid.code,
}
_RETRY_SECONDS = "1"
_DATABASE_AWAY = "The database does not answer. Send the same request again, with the same Idempotency-Key."


def handle(exception: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER; None (a plain 500) for what nobody foresaw."""
    response = _answer(exception)
    if response is not None:
        set_rollback()
        if response.status_code == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
    return response


def error_of(exception: Exception) -> dict[str, str] | None:
    """Code, message and param as an answer would name them; None for what nobody foresaw."""
    response = _answer(exception)
    return None if response is None else response.data["error"]


def _answer(exception: Exception) -> Response | None:
    match exception:
        case GatewayError():
            return _gateway_error(exception)
        case InterfaceError() | OperationalError():
            return _gateway_error(DatabaseUnavailable(_DATABASE_AWAY))
        case exceptions.ValidationError():
            param, message = next(_field_errors(exception.detail), ("", "The request is not valid."))
            return _envelope(RequestInvalid.code, message, param=param, status=exception.status_code)
        case exceptions.APIException():
            return _api_exception(exception)
        case RequestDataTooBig():
            return _envelope(
                BodyTooLarge.code, "The body is too large. Send fewer things at once.", status=413
            )
        case Http404():
            return _envelope("not_found", "There is nothing here.", status=404)
        case PermissionDenied():
            return _envelope("permission_denied", "You may not do this.", status=403)
    return None


def _gateway_error(error: GatewayError) -> Response:
    response = _envelope(error.code, error.text, param=error.param, status=error.http_status)
    if error.retryable:
        response.headers["Retry-After"] = _RETRY_SECONDS
    return response


def _api_exception(exception: exceptions.APIException) -> Response:
    code = str(exception.get_codes())
    response = _envelope(_CODES.get(code, code), str(exception.detail), status=exception.status_code)
    wait = getattr(exception, "wait", None)
    if wait:
        response.headers["Retry-After"] = str(int(wait))
    return response


def _envelope(code: str, message: str, *, param: str = "", status: int) -> Response:
    return Response({"error": {"code": code, "message": message, "param": param}}, status=status)


def _field_errors(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted field name, message) of every leaf of a ValidationError's detail."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else name
            yield from _field_errors(inner, f"{path}.{own}".strip("."))
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            nested = f"{path}.{position}".strip(".") if isinstance(inner, dict | list) else path
            yield from _field_errors(inner, nested)
    else:
        yield path, str(detail)
