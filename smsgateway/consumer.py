"""Celery's consumer, except that a broker that dies in the middle of a wake-up does not take the worker along.

kombu puts unfinished tasks back while it closes the lost connection, and fails over the connection being lost
(5.7: AttributeError). Celery calls that unrecoverable and ends the worker. A wake-up may be lost (docs/adr/0002).
"""

from __future__ import annotations

import logging
from typing import Any

from celery.worker import consumer

logger = logging.getLogger(__name__)


# Workers need to know nothing of each other: less to start, less to say to Redis, less to fail when it is lost.
_ALONE = {"without_gossip": True, "without_mingle": True}


class Consumer(consumer.Consumer):
    """Connects again after whatever closing the lost connection raises."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {**(kwargs.get("worker_options") or {}), **_ALONE}
        super().__init__(*args, **kwargs)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Called between losing a connection and making the next."""
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            logger.warning("The lost connection to the broker did not close in order: %r", error)
