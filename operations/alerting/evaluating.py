"""Comparing what stands still with what somebody was told: opened once, repeated now and then, resolved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from core.clock import database_now
from operations.alerting.kinds import judged_now
from operations.models import AlertNotice, AlertTarget, Heartbeat, OpenAlert
from reports.alerts import Alert

EVERY: Final = timedelta(seconds=30)
REPEATED_AFTER: Final = timedelta(hours=6)
OVER_AFTER: Final = timedelta(minutes=2)  # what comes and goes is one alert, not many
KEPT: Final = timedelta(days=30)
_KIND: Final = "alerts"
OPENED, STILL, OVER = "opened", "still", "over"


def evaluate() -> int:
    """Judge once, in one worker at a time; gives how many notices were written. Twice is harmless."""
    moment = database_now()
    if not _is_mine(moment):
        return 0
    found = {_key(alert): alert for alert in judged_now()}
    with transaction.atomic():
        notices = [notice for key, alert in found.items() for notice in _seen(key, alert, moment)]
        open_ones = OpenAlert.objects.filter(resolved_at__isnull=True, seen_at__lt=moment - OVER_AFTER)
        for row in open_ones.exclude(key__in=list(found)):
            if OpenAlert.objects.filter(key=row.key, resolved_at__isnull=True).update(resolved_at=moment):
                notices += _notices(OVER, row)
        AlertNotice.objects.bulk_create(notices)
    return len(notices)


def forget_old_alerts() -> int:
    """Drop notices and alerts that are long over."""
    before = database_now() - KEPT
    gone = OpenAlert.objects.filter(resolved_at__lt=before).delete()[0]
    return gone + AlertNotice.objects.filter(created_at__lt=before).delete()[0]


def _is_mine(moment: datetime) -> bool:
    """Whether this worker judges this time: the first to move the time on."""
    Heartbeat.objects.get_or_create(kind=_KIND, defaults={"token": "", "at": moment - EVERY})
    return bool(Heartbeat.objects.filter(kind=_KIND, at__lte=moment - EVERY).update(at=moment))


def _key(alert: Alert) -> str:
    return f"{alert.kind}:{alert.about}"[:120]


def _seen(key: str, alert: Alert, moment: datetime) -> list[AlertNotice]:
    """Keep it open; the notices that are to be written, each time won by compare-and-set."""
    fresh = {"kind": alert.kind, "text": alert.text[:1000], "link": _link(alert), "seen_at": moment}
    row = OpenAlert(key=key, opened_at=moment, told_at=moment, **fresh)
    same = OpenAlert.objects.filter(key=key)
    known = same.first()
    if known is None:
        OpenAlert.objects.bulk_create([row])
        return _notices(OPENED, row)
    if known.resolved_at is not None:
        again = same.filter(resolved_at=known.resolved_at)
        won = again.update(opened_at=moment, told_at=moment, resolved_at=None, **fresh)
        return _notices(OPENED, row) if won else []
    same.update(**fresh)
    due = same.filter(told_at=known.told_at, told_at__lt=moment - REPEATED_AFTER)
    return _notices(STILL, row) if due.update(told_at=moment) else []


def _notices(event: str, row: OpenAlert) -> list[AlertNotice]:
    return [
        AlertNotice(target=target, event=event, kind=row.kind, text=row.text, link=row.link)
        for target in _targets(row.kind)
    ]


def _targets(kind: str) -> Iterable[AlertTarget]:
    enabled = AlertTarget.objects.filter(enabled=True)
    return [target for target in enabled if not target.kinds or kind in target.kinds]


def _link(alert: Alert) -> str:
    target = alert.target
    path = reverse(target.url_name, args=[target.object_id] if target.object_id else [])
    return f"{settings.SMSGATEWAY_PUBLIC_URL}{path}{'?' + alert.query if alert.query else ''}"[:500]
