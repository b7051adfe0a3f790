"""The project: settings, URLs, admin site, Celery, WSGI."""

from __future__ import annotations

from smsgateway.celery import app as celery_app

__all__ = ["celery_app"]
