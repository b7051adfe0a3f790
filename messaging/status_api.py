"""The REST API for the state of many messages."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.authentication import HasScope
from access.models import Scope
from messaging.api import ERRORS
from messaging.models import Message
from messaging.serializers import StatusesView, StatusRequest, StatusView


class MessageStatusView(APIView):
    """Look at many messages."""

    permission_classes = [HasScope(Scope.READ)]

    @extend_schema(
        operation_id="get_message_states",
        summary="States of up to 1,000 messages",
        request=StatusRequest,
        responses={200: StatusesView, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        body = StatusRequest(data=request.data)
        body.is_valid(raise_exception=True)
        asked = list(dict.fromkeys(body.validated_data["ids"]))
        found = Message.objects.only(*StatusView.Meta.fields).in_bulk(asked)
        messages = StatusView([found[one] for one in asked if one in found], many=True)
        unknown = [str(one) for one in asked if one not in found]
        return Response({"messages": messages.data, "unknown": unknown})
