"""Time that stands still, for as long as a case runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from django.utils import timezone


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """`time.time` and Django's clock, on which `core.clock` stands, say `moment`; monotonic time goes on."""
    seconds = moment.timestamp()
    with patch.object(time, "time", lambda: seconds), patch.object(timezone, "now", lambda: moment):
        yield
