"""WSGI entry point: `granian --interface wsgi smsgateway.wsgi:application`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")
application = get_wsgi_application()

from webhooks.spool import keeper  # noqa: E402  needs the apps, which the line above loads

keeper.start()
