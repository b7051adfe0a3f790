"""A name for every request, callbacks past everything that pages need, headers that Django 5.2 does not set itself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from structlog.contextvars import bind_contextvars

_NAME = re.compile(r"[\w.-]{8,64}", re.ASCII)

# The admin's Alpine needs 'unsafe-eval' and inline styles; inline scripts and other hosts stay refused.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def request_named(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give every request a name that its log lines and its answer bear: the caller's X-Request-ID, or one of ours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        name = given if _NAME.fullmatch(given) else f"r-{secrets.token_hex(8)}"
        bind_contextvars(
            request=name
        )  # till this thread's next request: Django logs some lines after the answer
        response = get_response(request)
        response.headers["X-Request-ID"] = name
        return response

    return middleware


def callbacks_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Hand a provider's call straight to its view: sessions, CSRF, static files and redirects are for browsers.

    A redirect to https would even lose it: providers do not repeat the body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/hooks/"):
            return get_response(request)
        match = resolve(request.path_info)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response

    return middleware


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add the Content-Security-Policy header to every answer that has none of its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware
