"""Celery's view of delivery: thin shells over the functions that the embedded worker runs too."""

from __future__ import annotations

import uuid

from celery import shared_task

from messaging import delivery, sweeping


@shared_task(name="messaging.drain", ignore_result=True)
def drain(credential_id: str) -> None:
    """Have what is due for one credential sent; its own threads do it, the task returns at once."""
    delivery.ask(uuid.UUID(credential_id))


@shared_task(name="messaging.sweep", ignore_result=True)
def sweep() -> None:
    """Bring back what a lost worker left behind."""
    sweeping.sweep()
