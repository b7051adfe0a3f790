"""What an address nobody knows answers: a page to people, the API's envelope to applications."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 in the words of whoever asks."""
    if request.path.startswith("/api/"):
        error = {
            "code": "not_found",
            "message": "There is nothing at this address. See /api/docs/.",
            "param": "",
        }
        return JsonResponse({"error": error}, status=404)
    return page_not_found(request, exception)
