"""GET /metrics: for a Prometheus that brings the token, or that runs on this machine."""

from __future__ import annotations

import hmac
import threading
import time
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from access.audit import address_of
from core.callers import is_inside, networks_of
from operations.metrics.collector import GatewayCollector

KEPT_SECONDS: Final = 5.0
_HERE: Final = networks_of(["127.0.0.0/8", "::1"])
_FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_PROTO")
_NOT_YOURS: Final = (
    "Metrics are for this machine only, or for who sends SMSGATEWAY_METRICS_TOKEN as a bearer token "
    "(docs/metrics.md).\n"
)


def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics in the format that the caller's Accept header asks for."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if not may_read(request):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse(_NOT_YOURS, content_type="text/plain", status=401, headers=headers)
    body, content_type = _memory.page(request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type, headers={"Cache-Control": "no-store"})


def may_read(request: HttpRequest) -> bool:
    """Whether the caller brings the token; without one set, whether it is a process of this machine.

    A request that some proxy on this machine handed on is nobody's on this machine, unless that proxy is trusted and
    names a caller that is.
    """
    if token := settings.SMSGATEWAY_METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    peer = str(request.META.get("REMOTE_ADDR", ""))
    handed_on = any(name in request.META for name in _FORWARDED)
    if handed_on and not is_inside(peer, settings.SMSGATEWAY_TRUSTED_PROXIES):
        return False
    return is_inside(address_of(request), _HERE)


class _Memory:
    """The last page of each format, for a few seconds: two scrapers ask the database once."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(GatewayCollector())
        self._lock = threading.Lock()
        self._pages: dict[str, tuple[float, bytes]] = {}

    def page(self, accept: str) -> tuple[bytes, str]:
        encode, content_type = choose_encoder(accept)
        with self._lock:
            until, body = self._pages.get(content_type, (0.0, b""))
            if time.monotonic() >= until:
                body = encode(self._registry)
                self._pages[content_type] = (time.monotonic() + KEPT_SECONDS, body)
        return body, content_type

    def forget(self) -> None:
        with self._lock:
            self._pages.clear()


_memory = _Memory()


def forget() -> None:
    """Read anew at the next question."""
    _memory.forget()
