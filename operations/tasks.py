"""A round trip through broker and worker, written down in the database; periodic work that beat asks for."""

from __future__ import annotations

from celery import shared_task

from core.clock import database_now, now
from operations.models import Heartbeat


@shared_task(name="operations.answer", ignore_result=True)
def answer(token: str) -> None:
    """Write the token where the asker looks for it."""
    Heartbeat.objects.update_or_create(kind="round_trip", defaults={"token": token, "at": now()})


@shared_task(name="operations.run_periodic", ignore_result=True)
def run_periodic(name: str) -> None:
    """Do the periodic work of this name now, and note that somebody keeps time."""
    from operations.periodic import PERIODIC

    Heartbeat.objects.update_or_create(kind="beat", defaults={"token": "", "at": database_now()})
    for item in PERIODIC:
        if item.run.__name__ == name:
            item.run()
