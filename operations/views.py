"""Signs of life for load balancers and supervisors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers HTTP; it says nothing about database or workers."""
    return HttpResponse("ok\n", content_type="text/plain")
