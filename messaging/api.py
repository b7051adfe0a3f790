"""The REST API for messages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.authentication import HasScope
from access.idempotency import run_once
from access.models import ApiKey, Scope
from core.errors import MessageUnknown, RequestInvalid
from core.vocabulary import Purpose
from credentials.loading import text_of
from messaging import channels
from messaging.accept import Submission, accept, through_channel
from messaging.backlog import backlog
from messaging.context import count, texts_of
from messaging.models import ChannelConfiguration, Message, Source
from messaging.serializers import AcceptedView, ErrorView, MessageView, SendRequest

ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), ErrorView)
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 255 characters. The same key with the same body returns the first answer again; "
    "with another body it is refused (422).",
)


class MessagesView(APIView):
    """Submit messages."""

    permission_classes = [HasScope(Scope.SEND)]

    @extend_schema(
        operation_id="send_message",
        summary="Send a message",
        parameters=[IDEMPOTENCY],
        request=SendRequest,
        responses={202: AcceptedView, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        body = SendRequest(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        code, answer, replayed = run_once(
            api_key=cast(ApiKey, request.auth),
            key=request.headers.get("Idempotency-Key", ""),
            request_body=body.initial_data,
            work=lambda: _submit(values, request),
        )
        headers = {"Location": f"/api/v1/messages/{answer['id']}"}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(answer, status=code, headers=headers)


class MessageDetailView(APIView):
    """Look at one message."""

    permission_classes = [HasScope(Scope.READ)]

    @extend_schema(
        operation_id="get_message",
        summary="State and history of a message",
        responses={200: MessageView, **ERRORS},
    )
    def get(self, request: Request, message_id: uuid.UUID) -> Response:
        message = (
            Message.objects.select_related("channel")
            .prefetch_related("events", "parts")
            .filter(id=message_id)
            .first()
        )
        if message is None:
            raise MessageUnknown(f"There is no message {message_id}. Use the id that the send call returned.")
        return Response(MessageView(message).data)


def _submit(values: dict[str, Any], request: Request) -> tuple[int, dict[str, Any]]:
    backlog.check()
    message = accept(
        submission_of(values, channel=channels.active(values["channel"]), api_key=cast(ApiKey, request.auth))
    )
    return status.HTTP_202_ACCEPTED, accepted_view(message)


def submission_of(
    values: Mapping[str, Any], *, channel: ChannelConfiguration, api_key: ApiKey | None
) -> Submission:
    """What the fields of a request ask for."""
    return through_channel(
        channel,
        to=values["to"],
        text=values["text"],
        source=Source.API,
        purpose=purpose_in(channel, values.get("purpose")),
        profile=values["profile"],
        api_key=api_key,
        reference=values["reference"],
        validity=values.get("validity"),
    )


def accepted_view(message: Message) -> dict[str, Any]:
    """The answer for a message just accepted through a channel."""
    counted = count(texts_of(message.text, text_of(message.credential)))
    return {
        "id": str(message.id),
        "state": message.state,
        "to": message.msisdn,
        "channel": message.channel.name if message.channel else "",
        "encoding": counted.encoding.value,
        "segments": counted.count,
    }


def purpose_in(channel: ChannelConfiguration, asked: str | None) -> Purpose:
    """The purpose a message may have in a channel: its own, or a one-time code in a transactional one."""
    own = Purpose(channel.purpose)
    wanted = Purpose(asked) if asked else own
    if wanted == own or (wanted == Purpose.ONE_TIME_CODE and own == Purpose.TRANSACTIONAL):
        return wanted
    raise RequestInvalid(
        f"The channel {channel.name!r} is for {own.value} messages and cannot send {wanted.value}. "
        "Use a channel of that purpose.",
        param="purpose",
    )
