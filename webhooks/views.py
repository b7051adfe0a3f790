"""The URL a provider calls: every caller with the token is heard, anybody else gets the same 404."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import DatabaseError
from django.http import HttpResponse
from requests.structures import CaseInsensitiveDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from access.audit import address_of
from core.clock import now
from webhooks.answers import TAKEN, TOO_LARGE, UNAVAILABLE, UNKNOWN, Answer
from webhooks.callback import LARGEST_BODY, Callback
from webhooks.lookup import find_webhook
from webhooks.receiving import receive

log = logging.getLogger(__name__)


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
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > LARGEST_BODY:
        return TOO_LARGE
    body = request._request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return TOO_LARGE
    try:
        webhook = find_webhook(token)
    except DatabaseError:
        log.exception("the database does not answer; a callback was turned away")
        return UNAVAILABLE
    if webhook is None:
        return UNKNOWN
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
    return receive(webhook=webhook, callback=callback)


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
