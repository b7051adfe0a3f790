"""The redirect that stands behind every tracked link."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from access.audit import address_of
from links.addresses import on_the_wire
from links.following import Found, find, note
from links.throttle import throttle
from links.visitors import machine_reason

logger = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "HEAD"])
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead on to where the link leads now, never to anything the request names."""
    address = address_of(request)
    if wait := throttle.seconds_to_wait(address):
        return _private(HttpResponse(status=429, headers={"Retry-After": str(wait)}))
    found = find(slug)
    if found is None:
        throttle.note_miss(address)
        return _private(render(request, "links/gone.html", {"has_expired": False}, status=404))
    _note(found, request)
    if not found.url:
        return _private(render(request, "links/gone.html", {"has_expired": True}, status=410))
    return _private(HttpResponse(status=302, headers={"Location": on_the_wire(found.url)}))


def _note(found: Found, request: HttpRequest) -> None:
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        note(
            found,
            reason=machine_reason(request.method or "", headers),
            user_agent=headers.get("user-agent", ""),
        )
    except DatabaseError:  # whoever clicked shall arrive; the count is one short
        logger.exception("A click on link %s could not be counted", found.slug)


def _private(answer: HttpResponse) -> HttpResponse:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
