"""The REST API for many messages at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api_errors import error_of
from access.authentication import HasScope
from access.idempotency import run_once
from access.models import ApiKey, Scope
from core.errors import GatewayError, RequestInvalid
from messaging import channels
from messaging.accept import Submission
from messaging.accept_many import accept_many
from messaging.api import ERRORS, IDEMPOTENCY, accepted_view, submission_of
from messaging.backlog import backlog
from messaging.models import ChannelConfiguration
from messaging.serializers import BatchRequest, BatchView, SendRequest

MOST_MESSAGES = 1_000


class MessageBatchView(APIView):
    """Submit many messages in one request."""

    permission_classes = [HasScope(Scope.SEND)]

    @extend_schema(
        operation_id="send_messages",
        summary="Send up to 1,000 messages",
        parameters=[IDEMPOTENCY],
        request=BatchRequest,
        responses={202: BatchView, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        asked = _messages_in(request.data)
        code, answer, replayed = run_once(
            api_key=cast(ApiKey, request.auth),
            key=request.headers.get("Idempotency-Key", ""),
            request_body={"messages": asked},
            work=lambda: (status.HTTP_202_ACCEPTED, submit_many(asked, api_key=cast(ApiKey, request.auth))),
        )
        return Response(answer, status=code, headers={"Idempotent-Replayed": "true"} if replayed else None)


def submit_many(asked: Iterable[Any], *, api_key: ApiKey) -> dict[str, Any]:
    """Accept what can be accepted; one result for each message asked for, in order."""
    backlog.check()
    channel_of = cache(_channel_or_error)
    form = SendRequest()  # one for all: each new one copies every field it declares
    read = [_submission_or_error(form.run_validation, item, channel_of, api_key) for item in asked]
    accepted = iter(accept_many([one for one in read if isinstance(one, Submission)]))
    outcomes = [next(accepted) if isinstance(one, Submission) else one for one in read]
    results = [
        {"index": index, "error": error_of(outcome)}
        if isinstance(outcome, Exception)
        else {"index": index, **accepted_view(outcome)}
        for index, outcome in enumerate(outcomes)
    ]
    refused = sum("error" in result for result in results)
    return {"accepted": len(results) - refused, "refused": refused, "results": results}


def _messages_in(body: Any) -> list[Any]:
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body["messages"]:
        raise RequestInvalid('Send an object with a list, like {"messages": [{…}, {…}]}.', param="messages")
    unknown = next((name for name in body if name != "messages"), None)
    if unknown is not None:
        raise RequestInvalid(f"There is no field {unknown!r}. See /api/docs/.", param=unknown)
    messages: list[Any] = body["messages"]
    if len(messages) > MOST_MESSAGES:
        raise RequestInvalid(
            f"There are {len(messages):,} messages; at most {MOST_MESSAGES:,} can be sent in one request. "
            "Send them in several.",
            param="messages",
        )
    return messages


def _channel_or_error(name: str) -> ChannelConfiguration | GatewayError:
    """Asked once for each name of a batch, whether it is known or not."""
    try:
        return channels.active(name)
    except GatewayError as error:
        return error


def _submission_or_error(
    read: Callable[[Any], dict[str, Any]],
    item: Any,
    channel_of: Callable[[str], ChannelConfiguration | GatewayError],
    api_key: ApiKey,
) -> Submission | ValidationError | GatewayError:
    try:
        values = read(item)
        channel = channel_of(values["channel"])
        if isinstance(channel, GatewayError):
            return channel
        return submission_of(values, channel=channel, api_key=api_key)
    except (ValidationError, GatewayError) as error:
        return error
