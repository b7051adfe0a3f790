"""WSGI entry point: `granian --interface wsgi smsgateway.wsgi:application`."""

from __future__ import annotations

import gc
import os

from core.wsgi import application as make_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")
application = make_application()

from operations import stand_in  # noqa: E402  needs the apps, which the line above loads
from webhooks.spool import keeper  # noqa: E402

keeper.start()
stand_in.start()

# What is loaded by now stays for good, and requests leave few cycles behind: the collector need not look often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
