"""The Celery app: a wake-up bus and a process runner, never the queue (docs/adr/0002)."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")

app = Celery("smsgateway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()


@setup_logging.connect(weak=False)
def log_as_everybody(**_: Any) -> None:
    """Workers and beat log as the settings say, like every other process: Celery sets nothing up of its own."""
