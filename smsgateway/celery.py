"""The Celery app: a wake-up bus and a process runner, never the queue (docs/adr/0002)."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")

app = Celery("smsgateway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()
