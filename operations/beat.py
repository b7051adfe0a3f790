"""`celery beat` with the list of periodic functions as its schedule: a convenience, each worker does them by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from operations.periodic import PERIODIC
from operations.tasks import run_periodic

# A wake-up that nobody took before the next is due is not worth keeping.
_LEAST_KEPT: Final = 5.0  # seconds


def schedule() -> dict[str, Any]:
    """The entries of `beat_schedule`."""
    return {
        item.run.__name__: {
            "task": run_periodic.name,
            "schedule": timedelta(seconds=item.every),
            "args": (item.run.__name__,),
            "options": {"expires": max(item.every, _LEAST_KEPT)},
        }
        for item in PERIODIC
    }
