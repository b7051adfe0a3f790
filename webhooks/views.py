"""The URL a provider calls: every caller with the token is heard, anybody else gets the same 404."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpResponse
from requests.structures import CaseInsensitiveDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from access.audit import address_of
from core.clock import now
from webhooks.answers import TAKEN, UNAVAILABLE, UNKNOWN, Answer
from webhooks.callback import Callback
from webhooks.limits import Refused, read_body
from webhooks.lookup import find_webhook, known_webhook
from webhooks.receiving import receive, receive_in_outage
from webhooks.spool.outage import outage


class AnyAnswer(BaseContentNegotiation):
    """Providers ask for all kinds of answers; none of them may end in a 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> None:
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class CallbackView(APIView):
    """Takes inbound messages and delivery reports of one webhook; the token in the path is the only key."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    content_negotiation_class = AnyAnswer
    http_method_names = ["get", "head", "post"]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nobody to authenticate, permit, throttle or negotiate with: the token is looked up in the database."""

    def get(self, request: Request, token: str, role: str = "") -> HttpResponse:
        """Some providers call with a query."""
        return _response(_answer(request, token, role))

    def post(self, request: Request, token: str, role: str = "") -> HttpResponse:
        """The usual way."""
        return _response(_answer(request, token, role))

    def head(self, request: Request, token: str, role: str = "") -> HttpResponse:
        """A check whether the URL exists; nothing is read."""
        try:
            return _response(TAKEN if find_webhook(token) else UNKNOWN)
        except DatabaseError:
            return _response(UNAVAILABLE)


def _answer(request: Request, token: str, role: str) -> Answer:
    try:
        body = read_body(request.META)
    except Refused as refusal:
        return refusal.answer
    callback = Callback(
        method=request.method or "",
        path=request._request.path,
        query=request.META.get("QUERY_STRING", ""),
        headers=CaseInsensitiveDict(request._request.headers),
        body=body,
        role=role,
        address=address_of(request._request),
        received_at=now(),
    )
    if not outage.is_on():
        # A connection that died meanwhile costs a second attempt (see receiving), not a question before every call.
        connection.health_check_done = True
        try:
            webhook = find_webhook(token)
        except DatabaseError:
            outage.begin()
        else:
            return receive(webhook=webhook, callback=callback) if webhook else UNKNOWN
    known = known_webhook(token)
    return receive_in_outage(webhook=known, callback=callback) if known else UNAVAILABLE


def _response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
