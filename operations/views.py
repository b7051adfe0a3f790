"""Signs of life for load balancers and supervisors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from operations.readiness import readiness


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers HTTP; it says nothing about database or workers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 while messages can be taken, 503 while they cannot; the body says how database, worker and broker are."""
    found = readiness()
    return JsonResponse({"ready": found.ready, **found.parts}, status=200 if found.ready else 503)
