"""The REST API for taking a message back."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.authentication import HasScope
from access.models import Scope
from messaging.api import ERRORS
from messaging.cancelling import cancel
from messaging.models import Message, Source
from messaging.serializers import MessageView


class MessageCancelView(APIView):
    """Cancel one message."""

    permission_classes = [HasScope(Scope.SEND)]

    @extend_schema(
        operation_id="cancel_message",
        summary="Cancel a message that still waits",
        request=None,
        responses={200: MessageView, **ERRORS},
    )
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        cancel(message_id=message_id, actor=Source.API)
        message = Message.objects.select_related("channel").prefetch_related("events", "parts")
        return Response(MessageView(message.get(id=message_id)).data)
