"""What moves: clocks, workers, wake-ups, and what already waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings

from core.clock import database_now, now
from operations import pulse
from operations.alerting.kinds import looked_up
from operations.doctor.finding import Finding, bad, good, look
from reports.alerts import Level, alerts
from reports.dashboard import read_setup

_CLOCKS_MAY_DIFFER: Final = timedelta(seconds=10)
_BROKER_ANSWERS_WITHIN: Final = 3.0  # seconds


def clock() -> Finding:
    """This machine's clock and the database's agree; signatures of callbacks are judged by the first."""
    differ = abs(database_now() - now())
    if differ > _CLOCKS_MAY_DIFFER:
        return look(
            "clock", f"{differ.total_seconds():.0f} s off the database's. Set up NTP on both machines."
        )
    return good("clock", "agrees with the database's")


def worker() -> Finding:
    """Somebody sends."""
    if pulse.is_worker_alive():
        return good("worker", "at work")
    seen = pulse.worker_seen_at()
    since = f"the last sign of life was {seen:%Y-%m-%d %H:%M:%S} UTC" if seen else "none has ever run"
    return bad("worker", f"{since}; messages wait. Start: celery -A smsgateway worker, or manage.py up.")


def broker() -> Finding:
    """Wake-ups arrive; without them messages still go out, a little later."""
    if not settings.REDIS_URL:
        return good("broker", "none set: workers look by themselves every half second")
    if not pulse.is_worker_alive():
        return look("broker", "not tried: no worker would answer.")
    if pulse.round_trip(within=_BROKER_ANSWERS_WITHIN):
        return good("broker", "a wake-up came back")
    return look(
        "broker",
        "no wake-up came back: messages go out up to half a second later. Check REDIS_URL here and at the workers.",
    )


def attention() -> Iterator[Finding]:
    """What the start page shows at the top, and everything else that somebody is told of."""
    more = (alert for alert in looked_up() if alert.kind != "no_worker")  # asked above
    for alert in [*alerts(read_setup()), *more]:
        yield (bad if alert.level is Level.STOPPED else look)("attention", alert.text)
