"""Who would notice: alerts, metrics, beat, and a Redis that forgets."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import redis
from django.conf import settings

from core.clock import database_now
from operations.doctor.finding import Finding, good, look
from operations.models import AlertTarget, Heartbeat
from webhooks.services import is_local

_BEAT_SEEN_WITHIN: Final = timedelta(minutes=1)
_REDIS_ANSWERS_WITHIN: Final = 2.0  # seconds
_NEVER_EVICTS: Final = "noeviction"


def alert_targets() -> Finding:
    """Somebody is told when something stands still."""
    count = AlertTarget.objects.filter(enabled=True).count()
    if not count:
        return look("alerts", "nobody is told when sending stands still. Add somebody under Alert targets.")
    return good("alerts", f"{count} target{'' if count == 1 else 's'}")


def metrics_token() -> Finding:
    """Another machine may read the metrics, if one shall."""
    if settings.SMSGATEWAY_METRICS_TOKEN:
        return good("metrics", "who brings the token may read them")
    if is_local(settings.SMSGATEWAY_PUBLIC_URL):
        return good("metrics", "for this machine only")
    return look(
        "metrics", "only this machine may read them. Set SMSGATEWAY_METRICS_TOKEN for a Prometheus elsewhere."
    )


def beat() -> Finding:
    """Where beat is used it runs; workers do its work by themselves."""
    seen = Heartbeat.objects.filter(kind="beat").values_list("at", flat=True).first()
    if seen is None:
        return good("beat", "none: each worker does periodic work by itself")
    if seen < database_now() - _BEAT_SEEN_WITHIN:
        return look(
            "beat",
            f"last seen {seen:%Y-%m-%d %H:%M:%S} UTC; workers do its work by themselves. Start it, or take it down for "
            "good.",
        )
    return good("beat", "at work")


def broker_memory() -> Finding:
    """Redis, where it is used, does not throw wake-ups away to make room."""
    if not settings.REDIS_URL:
        return good("Redis", "not used")
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=_REDIS_ANSWERS_WITHIN,
            socket_timeout=_REDIS_ANSWERS_WITHIN,
        ) as client:
            memory = client.info("memory")
    except redis.RedisError as error:
        return look("Redis", f"it does not answer ({type(error).__name__}). Check REDIS_URL and the server.")
    return _judged(int(memory.get("maxmemory", 0)), str(memory.get("maxmemory_policy", _NEVER_EVICTS)))


def _judged(limit: int, policy: str) -> Finding:
    if policy == _NEVER_EVICTS or not limit:
        return good("Redis", "keeps what it is given")
    return look(
        "Redis",
        f"it throws keys away when it is full (maxmemory-policy {policy}), wake-ups among them, and messages go out "
        f"half a second late. Set maxmemory-policy {_NEVER_EVICTS}, or give the gateway a Redis of its own.",
    )
